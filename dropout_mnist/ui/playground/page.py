"""The Playground page: draw, train and test."""

import sys
import time

import streamlit as st

from dropout_mnist.ui import navigation, style
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground import draw

HEAD_START_SECONDS = 0.4

_RECIPES = {
    "plain": "This model was trained with the *plain* recipe, on unchanged images. The *augmented* recipe is made for "
    "drawings: it also varies the images, as if other hands and pens had written them.",
    "augmented": "This model was trained with the *augmented* recipe, which is made for drawings. It varies the images "
    "in every epoch, as if other hands and pens had written them, and adds some non-digits. The *plain* recipe uses "
    "the images unchanged.",
}


def show() -> None:
    """Show the page."""
    style.apply()
    st.header("Dropout on MNIST", anchor=False)
    draw.show()
    if "torch" not in sys.modules:
        # Only on a new server: the rest of the page needs torch, whose import holds the interpreter's lock for long
        # stretches. So let the browser fetch the canvas first.
        time.sleep(HEAD_START_SECONDS)
    # Lazy: these import torch.
    from dropout_mnist.ui import model_bar, models
    from dropout_mnist.ui.playground import accuracy, train

    model_bar.show()
    model = models.in_use()
    if model is not None:
        st.caption(_RECIPES[model.checkpoint.config.recipe])
    st.subheader(_("Does dropout help?"), divider="gray")
    train.show(model)
    navigation.LAB.link("Dropout lab: what dropout does, and when it helps")
    st.subheader("Test", divider="gray")
    accuracy.show(model)
