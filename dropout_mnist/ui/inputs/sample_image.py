"""A test image as the input, instead of a drawing: chosen by its number, at random, or among the misread ones.

The session's choice is under stable keys, which also set it before the first run: the number and the toggle.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import nullcontext

import streamlit as st

from dropout_mnist.data.datasets import Dataset
from dropout_mnist.data.mnist_files import DataError
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.shapes import IMAGE_SIZE
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.inputs import canvas
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.models import ChosenModel
from dropout_mnist.ui.resources import can_load_without_download, evaluate_cached, get_dataset

NUMBER_KEY = "test_image"
MISREAD_KEY = "only_misread"
# The number that was shown last: from there the buttons of the number field continue at the next misread image.
_SHOWN_KEY = "shown_test_image"


def dataset_key(model: ChosenModel) -> str:
    """Return the key of the session's choice of test images for a model."""
    return f"test_dataset_{model.checkpoint.config.dataset}"


def choose(number: int) -> None:
    """Choose a test image from the next run of the page on."""
    st.session_state[NUMBER_KEY] = number
    st.session_state[MISREAD_KEY] = False


def show(model: ChosenModel | None, width: int | None = None) -> Pixels:
    """Show a test image and what chooses it.

    Args:
        model: whose mistakes are offered, and that was trained on such images; None if there is no model.
        width: of the image, in pixels; None for that of the canvas.

    Returns:
        the image's pixels, (28, 28) uint8.
    """
    dataset = _available_dataset(model)
    test = dataset.test
    numbers: Sequence[int] = range(len(test))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        place = st.container(horizontal=True, width="content", gap="small")
        if model is not None and st.toggle(_("Only misread"), key=MISREAD_KEY, persist_state="session"):
            mistakes = sorted(evaluate_cached(model.id, dataset.name, model.checkpoint).mistakes)
            numbers = mistakes or numbers
    _update_number(numbers)
    with place:
        number = st.number_input(
            _("Number of the test image"),
            0,
            len(test) - 1,
            key=NUMBER_KEY,
            label_visibility="collapsed",
            width=140,
            persist_state="session",
        )
        st.button(
            _("Another"), key="another_input", icon=":material/shuffle:", on_click=_choose_at_random, args=(numbers,)
        )
    pixels: Pixels = test.pixels[number].numpy().reshape(IMAGE_SIZE, IMAGE_SIZE)
    url = enlarged_url(pixels, (width or canvas.SIZE) // IMAGE_SIZE)
    with canvas.picture_place() if width is None else nullcontext():
        st.image(url, width=width or "stretch", alt=_("Test image {number}", number=f"{number:,}"))
    st.caption(
        _(
            "Test image {number} of {title}. Its label is **{label}**.",
            number=f"{number:,}",
            title=localize(dataset.title),
            label=int(test.labels[number]),
        )
    )
    return pixels


def _update_number(numbers: Sequence[int]) -> None:
    """Replace the chosen number by the next one of `numbers`, sorted, in the direction in which it was changed."""
    if NUMBER_KEY not in st.session_state:
        _choose_at_random(numbers)
    chosen: int = st.session_state[NUMBER_KEY]
    if chosen < st.session_state.get(_SHOWN_KEY, chosen):
        nearest = numbers[bisect_right(numbers, chosen) - 1]
    else:
        nearest = numbers[bisect_left(numbers, chosen) % len(numbers)]
    if nearest != chosen:
        st.session_state[NUMBER_KEY] = nearest
    st.session_state[_SHOWN_KEY] = nearest


def _choose_at_random(numbers: Sequence[int]) -> None:
    st.session_state[NUMBER_KEY] = random.choice(numbers)


def _available_dataset(model: ChosenModel | None) -> Dataset:
    """Return the data set chosen in the Test section, or the bundled one if it must be downloaded or is damaged."""
    if model is not None:
        name = st.session_state.get(dataset_key(model), model.checkpoint.config.dataset)
        try:
            if can_load_without_download(name):
                return get_dataset(name)
        except DataError as error:
            st.warning(plain(error), icon=":material/warning:")
    return get_dataset("digits")
