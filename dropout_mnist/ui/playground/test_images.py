"""Test images as buttons: a click opens the image where drawings are answered."""

from collections.abc import Sequence

import streamlit as st

from dropout_mnist.data.datasets import Dataset
from dropout_mnist.evaluation import Evaluation
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground import draw

PAGE_SIZE = 12

# The image in the label of a button is as high as the text unless this says otherwise.
_STYLE = """<style>
[class*="st-key-open_"] button { padding: 0.25rem; line-height: 1.2; }
[class*="st-key-open_"] button img {
    display: block; width: 84px; height: 84px; max-height: none; object-fit: fill; image-rendering: pixelated;
}
.st-key-open_sample button img { width: 140px; height: 140px; }
</style>"""


def show_pages(dataset: Dataset, evaluation: Evaluation, numbers: Sequence[int], key: str) -> None:
    """Show test images, a page at a time.

    Args:
        dataset: with the test images.
        evaluation: of a network on them.
        numbers: of the images, at least one.
        key: identifies the list.
    """
    st.html(_STYLE)
    pages = -(-len(numbers) // PAGE_SIZE)
    place = st.container(key="images", horizontal=True, gap="small")
    page = st.pagination(pages, key=f"page_{key}") if pages > 1 else 1
    with place:
        for number in numbers[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]:
            label, prediction = int(evaluation.labels[number]), int(evaluation.predictions[number])
            show_button(dataset, number, f"open_{number}", f"{label} → {prediction}")


def show_button(dataset: Dataset, number: int, key: str, caption: str = "") -> None:
    """Show a test image that a click opens where drawings are answered.

    Args:
        dataset: with the test images.
        number: of the image.
        key: of the button; begins with "open_".
        caption: below the image.
    """
    alt = _("Open test image {number}", number=f"{number:,}")
    image = f"![{alt}]({enlarged_url(dataset.test.pixels[number], 1)})"
    if st.button(f"{image} {caption}", key=key, on_click=draw.open_test_image, args=(number,)):
        # The whole page: the answer is outside of this fragment.
        st.rerun()
