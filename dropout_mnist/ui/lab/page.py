"""The Dropout lab: one section for each thing that is said of dropout, with a picture to play with and a figure."""

import streamlit as st


def show() -> None:
    """Show the page."""
    st.header("Dropout lab", anchor=False)
    st.markdown(
        "What is said of dropout, each with a picture to play with and a figure that was measured here. "
        "`drop_prob` is the probability to *drop* a unit; the papers' *p* is the probability to *keep* it, so their "
        "*p* = 0.8 is our `drop_prob` 0.2."
    )
    # These need torch, which takes seconds to import when the server is new.
    from dropout_mnist.ui.lab import (
        averaging,
        doubt,
        features,
        generalization,
        pruning,
        rate,
        subject,
        subnetworks,
        train_size,
    )

    chosen = subject.show()
    if chosen is None:
        return
    _title("1. Thinned networks")
    subnetworks.show(chosen)
    _title("2. Averaging")
    averaging.show(chosen)
    _title("3. Does it know that it doesn't know?")
    doubt.show(chosen)
    _title("4. The rate")
    rate.show()
    _title("5. The data")
    train_size.show()
    _title("6. Sparse, and not leaning on each other")
    features.show()
    pruning.show(chosen)
    _title("7. The gap")
    generalization.show(chosen)


def _title(text: str) -> None:
    st.subheader(text, divider="gray")
