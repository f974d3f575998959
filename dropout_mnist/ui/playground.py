"""The Playground: draw, train and test on one page."""

import streamlit as st

from dropout_mnist.ui import draw, model_bar, test, train


def show() -> None:
    """Show the page."""
    st.header("Dropout on MNIST", anchor=False)
    # Everything below depends on the model in use, whose bar stands at the bottom of the window.
    model, rival = model_bar.show()
    draw.show(model, rival)
    st.subheader("Train", divider="gray")
    train.show(model)
    st.subheader("Test", divider="gray")
    test.show(model)
