"""A test image in place of a drawing."""

import random

import streamlit as st

from dropout_mnist.data.datasets import Dataset
from dropout_mnist.data.mnist_files import DataError
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.shapes import IMAGE_SIZE
from dropout_mnist.ui import models
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.inputs import canvas
from dropout_mnist.ui.resources import dataset_is_at_hand, get_dataset


def show(width: int = canvas.SIZE) -> Pixels:
    """Show a test image, so many pixels wide, and a button for another; return its pixels, (28, 28) uint8."""
    model = models.in_use()
    dataset = _get_dataset_at_hand(model.checkpoint.config.dataset if model else "digits")
    test = dataset.test
    if "test_image" not in st.session_state:
        _take_another(len(test))
    st.button("Another", key="another_input", icon=":material/shuffle:", on_click=_take_another, args=(len(test),))
    index = st.session_state["test_image"] % len(test)
    pixels: Pixels = test.pixels[index].numpy().reshape(IMAGE_SIZE, IMAGE_SIZE)
    st.image(enlarged_url(pixels, width // IMAGE_SIZE), width=width, alt=f"Test image {index}")
    st.caption(f"Test image {index:,} of {dataset.title}. Its label is **{int(test.labels[index])}**.")
    return pixels


def _get_dataset_at_hand(name: str) -> Dataset:
    """Return the data set, or the bundled one if it would have to be downloaded first."""
    try:
        if dataset_is_at_hand(name):
            return get_dataset(name)
    except DataError as error:
        st.warning(plain(error), icon=":material/warning:")
    return get_dataset("digits")


def _take_another(count: int) -> None:
    st.session_state["test_image"] = random.randrange(count)
