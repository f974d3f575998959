"""The Playground: draw, train and test on one page."""

import sys
import time

import streamlit as st

from dropout_mnist.ui.playground import draw

HEAD_START_SECONDS = 0.4

_RECIPES = {
    "plain": "The model in use was trained by the *plain* recipe, the notebook's: every epoch shows it MNIST's images "
    "as they are. The *augmented* recipe, made for drawings, varies them as well.",
    "augmented": "The model in use was trained by the *augmented* recipe: every epoch shows it MNIST's images as other hands "
    "and pens might have written them, and some things that are no digits. The *plain* recipe, the notebook's, shows "
    "the images as they are.",
}


def show() -> None:
    """Show the page."""
    st.header("Dropout on MNIST", anchor=False)
    draw.show()
    if "torch" not in sys.modules:
        # Once in a server's life: what follows needs torch, whose import leaves the interpreter to nobody else for
        # long stretches. So the browser fetches the canvas first.
        time.sleep(HEAD_START_SECONDS)
    from dropout_mnist.ui import model_bar, models, pages
    from dropout_mnist.ui.playground import accuracy, train

    model_bar.show()
    model = models.in_use()
    if model is not None:
        st.caption(_RECIPES[model.checkpoint.config.recipe])
    st.subheader("Train", divider="gray")
    train.show(model)
    st.page_link(pages.lab_page(), label="What dropout does, and whether it helps: the Dropout lab")
    st.subheader("Test", divider="gray")
    accuracy.show(model)
