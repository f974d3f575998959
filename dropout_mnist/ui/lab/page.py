"""The Dropout lab page: one section for each claim about dropout, with an experiment and measurements."""

import streamlit as st

from dropout_mnist.ui.inputs import canvas


def show() -> None:
    """Show the page."""
    st.header("Dropout lab", anchor=False)
    st.markdown(
        "Seven claims about dropout, to try out and to check against measurements. `drop_prob` is the probability to "
        "*drop* a unit. In the papers, *p* is the probability to *keep* it: their *p* = 0.8 is `drop_prob` 0.2 here."
    )
    # Lazy: these import torch, which takes seconds on a new server. Show the text above first.
    from dropout_mnist.ui.lab import (
        averaging,
        features,
        generalization,
        pruning,
        rate,
        subject,
        subnetworks,
        train_size,
        uncertainty,
    )

    canvas.remember()
    chosen = subject.show()
    if chosen is None:
        return
    _title("1. Thinned networks")
    subnetworks.show()
    _title("2. Averaging")
    averaging.show(chosen)
    _title("3. Uncertainty")
    uncertainty.show(chosen)
    _title("4. The dropout rate")
    rate.show()
    _title("5. The training-set size")
    train_size.show()
    _title("6. Sparsity and co-adaptation")
    features.show()
    pruning.show(chosen)
    _title("7. Generalization")
    generalization.show(chosen)


def _title(text: str) -> None:
    st.subheader(text, divider="gray")
