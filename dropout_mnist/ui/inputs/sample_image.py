"""A test image as the input, instead of a drawing."""

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
from dropout_mnist.ui.resources import can_load_without_download, get_dataset


def show(width: int = canvas.SIZE) -> Pixels:
    """Show a test image, `width` pixels wide, and a button for another; return its pixels, (28, 28) uint8."""
    model = models.in_use()
    dataset = _available_dataset(model.checkpoint.config.dataset if model else "digits")
    test = dataset.test
    if "test_image" not in st.session_state:
        _choose_at_random(len(test))
    st.button("Another", key="another_input", icon=":material/shuffle:", on_click=_choose_at_random, args=(len(test),))
    index = st.session_state["test_image"] % len(test)
    pixels: Pixels = test.pixels[index].numpy().reshape(IMAGE_SIZE, IMAGE_SIZE)
    st.image(enlarged_url(pixels, width // IMAGE_SIZE), width=width, alt=f"Test image {index}")
    st.caption(f"Test image {index:,} of {dataset.title}. Its label is **{int(test.labels[index])}**.")
    return pixels


def _available_dataset(name: str) -> Dataset:
    """Return the data set, or the bundled one if this one must be downloaded first or is damaged."""
    try:
        if can_load_without_download(name):
            return get_dataset(name)
    except DataError as error:
        st.warning(plain(error), icon=":material/warning:")
    return get_dataset("digits")


def _choose_at_random(count: int) -> None:
    st.session_state["test_image"] = random.randrange(count)
