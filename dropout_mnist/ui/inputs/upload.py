"""An uploaded picture as the input: its digits are marked, and one of them is the network's input."""

import streamlit as st
from PIL import Image, ImageDraw

from dropout_mnist.evaluation import predict_batch
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.preprocessing.inputs import to_batch
from dropout_mnist.preprocessing.picture import FoundDigit, PictureError, open_picture, read_digits
from dropout_mnist.ui import models
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.inputs import canvas
from dropout_mnist.ui.language import translate as _

# The chosen digit, and the others, in colors that show on dark and light paper.
CHOSEN, OTHER = "#d55e00", "#56b4e9"


def show() -> Pixels | None:
    """Show the upload and the picture; return the pixels of the chosen digit, (28, 28) uint8, None if there is none."""
    upload = st.file_uploader(
        _("A picture of one or more digits, dark on light or light on dark"),
        type=["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "heic", "heif", "avif"],
        key="picture",
    )
    if upload is None and st.context.is_embedded:
        st.caption(_("If uploading fails, your browser keeps cookies from this frame: open the page in its own tab."))
    if upload is None:
        return None
    try:
        picture = open_picture(upload.getvalue())
    except PictureError as error:
        st.error(plain(error), icon=":material/error:")
        return None
    found: list[FoundDigit] = []
    try:
        found = read_digits(picture)
    except PictureError as error:
        st.error(plain(error), icon=":material/error:")
    chosen = _choose(found) if len(found) > 1 else 0
    with canvas.picture_place():
        st.image(_mark(picture, found, chosen), caption=plain(upload.name), width="stretch", output_format="PNG")
    return found[chosen].pixels if found else None


def _choose(found: list[FoundDigit]) -> int:
    """Show what all digits are read as, and return the place of the chosen one."""
    model = models.in_use()
    if model is None:
        return 0
    images, _single = to_batch([digit.pixels for digit in found])
    answers = [str(answer.digit) for answer in predict_batch(model.checkpoint.model, images)]
    place = st.segmented_control(
        _("{count} digits, from left to right; choose one to see its answer", count=len(found)),
        range(len(found)),
        format_func=answers.__getitem__,
        default=0,
        required=True,
        key="found_digit",
    )
    return int(place)


def _mark(picture: Image.Image, found: list[FoundDigit], chosen: int) -> Image.Image:
    """Return the picture with a box around each of several digits."""
    if len(found) < 2:
        return picture
    marked = picture.copy()
    draw = ImageDraw.Draw(marked)
    width = max(1, max(picture.size) // 150)
    for place, digit in enumerate(found):
        left, top, right, bottom = digit.box
        corners = (left * picture.width, top * picture.height, right * picture.width, bottom * picture.height)
        draw.rectangle(corners, outline=CHOSEN if place == chosen else OTHER, width=width)
    return marked
