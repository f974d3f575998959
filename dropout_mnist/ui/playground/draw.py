"""The Draw section: a canvas, an uploaded picture or a test image, next to the live panel.

The canvas and the panel are shown without torch, which takes seconds to import on a new server.
"""

from collections.abc import Callable

import streamlit as st

from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.ui import address, scroll
from dropout_mnist.ui.inputs import canvas
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.live import component
from dropout_mnist.ui.playground import own_digits

_SOURCE_KEY = "input_source"
# What the network is shown, None while there is nothing.
_PIXELS_KEY = "input_pixels"
_TEST_IMAGE = mark("Use a test image")
_UPLOAD = mark("Upload a picture")
# A number in the address may have fewer digits than this; what is too large for the data set is replaced.
_DIGITS = 10
# In the page's address.
_CODES = {"upload": _UPLOAD, "test": _TEST_IMAGE}


def open_test_image(number: int) -> None:
    """Answer a test image from the next run of the page on; call it in a callback."""
    # Lazy: imports torch.
    from dropout_mnist.ui.inputs import sample_image

    st.session_state[_SOURCE_KEY] = _TEST_IMAGE
    sample_image.choose(number)
    scroll.request(_SOURCE_KEY)


def current_pixels() -> Pixels | None:
    """Return what the network is shown, (28, 28) uint8, as of the latest run of the section; None if nothing is."""
    pixels: Pixels | None = st.session_state.get(_PIXELS_KEY)
    return pixels


def shows_canvas() -> bool:
    """Whether the digit is drawn on the canvas."""
    return st.session_state.get(_SOURCE_KEY, DRAW) == DRAW


@st.fragment
def show(below_panel: Callable[[], None], below_input: Callable[[], None]) -> None:
    """Show the section; as a fragment, it reruns without the rest of the page.

    Args:
        below_panel: called below the panel, where the input may be another one than before.
        below_input: called below everything else.
    """
    if (asked := address.adopt("input")) in _CODES:
        st.session_state[_SOURCE_KEY] = _CODES[asked]
    source = st.segmented_control(
        _("Where the digit comes from"),
        list(_SOURCES),
        format_func=_,
        default=next(iter(_SOURCES)),
        required=True,
        key=_SOURCE_KEY,
        label_visibility="collapsed",
    )
    address.publish("input", next((code for code, name in _CODES.items() if name == source), None))
    if source != _TEST_IMAGE:
        address.publish("image", None)
    scroll.show()
    show_input, invitation = _SOURCES[source]
    input_column, answer_column = st.columns([1, 2], gap="medium")
    with input_column, st.container(key="input"):
        pixels = st.session_state[_PIXELS_KEY] = show_input()
        if source == DRAW:
            component.send_drawing(_(invitation))
        else:
            component.send_pixels(pixels, _(invitation))
    with answer_column, st.container(key="prediction"):
        component.show_panel()
        below_panel()
    if source == DRAW and pixels is None:
        own_digits.forget_drawing()
    elif pixels is not None and source != _TEST_IMAGE:
        own_digits.ask(pixels, len(canvas.current_drawing().strokes) if source == DRAW else 0)
    below_input()


def _show_upload() -> Pixels | None:
    # Lazy: imports torch.
    from dropout_mnist.ui.inputs import upload

    return upload.show()


def _show_test_image() -> Pixels | None:
    # Lazy: imports torch.
    from dropout_mnist.ui import models
    from dropout_mnist.ui.inputs import sample_image

    asked = address.adopt("image") or ""
    if asked.isdecimal() and len(asked) < _DIGITS:
        st.session_state[sample_image.NUMBER_KEY] = int(asked)
    pixels = sample_image.show(models.in_use())
    address.publish("image", str(st.session_state[sample_image.NUMBER_KEY]))
    return pixels


DRAW = mark("Draw")
# Each shows an input and returns its pixels, with an invitation to show while there are none.
_SOURCES: dict[str, tuple[Callable[[], Pixels | None], str]] = {
    DRAW: (canvas.show, mark("Draw a digit, 0 to 9. The answer appears as you draw.")),
    _UPLOAD: (_show_upload, mark("Upload a picture of one or more digits. The answer appears here.")),
    _TEST_IMAGE: (_show_test_image, mark("Use a test image. The answer appears here.")),
}
