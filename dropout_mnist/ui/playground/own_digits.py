"""The visitor says which digit was written: these digits collect in the session, for the network to learn from.

Nothing here needs torch, which takes seconds to import on a new server.
"""

from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.shapes import CLASSES
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.language import translate as _

# The oldest make room for new ones.
MOST = 200

_KEY = "own_digits"
# The digit that is on the canvas, once it is labeled.
_DRAWN_KEY = "own_digit_on_canvas"
# Pixels of a digit in the collection, per pixel of its image.
_ENLARGED = 2

_STYLE = """<style>
.st-key-true_digit { gap: 0.25rem; row-gap: 0.25rem; }
.st-key-true_digit [data-testid="stButton"] button { min-width: 2.75rem; min-height: 2.5rem; padding: 0 0.5rem; }
.st-key-true_digit kbd { display: none; }
</style>"""


# Two are equal only if they are the same: arrays cannot be compared by `==`.
@dataclass(frozen=True, eq=False)
class OwnDigit:
    """A digit that the visitor wrote.

    Attributes:
        pixels: (28, 28) uint8.
        label: what it is, 0 to 9.
        strokes: of the drawing when it was labeled; 0 for a digit in a picture.
    """

    pixels: Pixels
    label: int
    strokes: int = 0

    @cached_property
    def url(self) -> str:
        """Its image, for the collection, which is drawn after every stroke."""
        return enlarged_url(self.pixels, _ENLARGED)

    def shows(self, pixels: Pixels) -> bool:
        """Whether these are its pixels."""
        return bool((self.pixels == pixels).all())


def collected() -> list[OwnDigit]:
    """Return the visitor's digits, the oldest first."""
    digits: list[OwnDigit] = st.session_state.setdefault(_KEY, [])
    return digits


def ask(pixels: Pixels, strokes: int = 0) -> None:
    """Show ten buttons that say which digit this is; the chosen one can be taken back by another click.

    Args:
        pixels: of the digit that was answered, (28, 28) uint8.
        strokes: of the drawing; 0 for a digit in a picture.
    """
    st.html(_STYLE)
    known = _find(pixels) or _grown(pixels, strokes)
    with st.container(key="true_digit", horizontal=True, vertical_alignment="center"):
        st.caption(_("Which digit did you write?") if known is None else _("You wrote:"), width="content")
        for label in range(CLASSES):
            chosen = known is not None and known.label == label
            st.button(
                str(label),
                key=f"true_digit_{label}",
                type="primary" if chosen else "secondary",
                shortcut=str(label),
                on_click=_toggle,
                args=(OwnDigit(pixels, label, strokes),),
                help=_("Take it back") if chosen else _("Keep it as a {digit}, for the network to learn", digit=label),
            )


def show_collection() -> None:
    """Show the collected digits, with buttons that remove one or all of them."""
    digits = collected()
    count = len(digits)
    text = _("1 of your digits") if count == 1 else _("{count} of your digits", count=count)
    with st.popover(text, icon=":material/draw:", key="own_digits"):
        st.caption(_("They stay in this session: nobody else sees them. Choose one to remove it."))
        with st.container(horizontal=True, gap="small"):
            for place, digit in enumerate(digits):
                with st.container(width="content", gap="xsmall"):
                    st.image(digit.url, alt=_("One of your digits: a {digit}", digit=digit.label))
                    st.button(
                        str(digit.label),
                        key=f"remove_own_digit_{place}",
                        icon=":material/close:",
                        type="tertiary",
                        on_click=digits.remove,
                        args=(digit,),
                        help=_("Remove"),
                    )
        st.button(_("Remove all"), key="remove_own_digits", icon=":material/delete:", on_click=digits.clear)


def _find(pixels: Pixels) -> OwnDigit | None:
    return next((digit for digit in collected() if digit.shows(pixels)), None)


def forget_drawing() -> None:
    """Note that the canvas is empty: the next stroke begins another digit."""
    st.session_state.pop(_DRAWN_KEY, None)


def _grown(pixels: Pixels, strokes: int) -> OwnDigit | None:
    """Return the digit on the canvas with its latest strokes, if it was labeled before they reached the server."""
    drawn: OwnDigit | None = st.session_state.get(_DRAWN_KEY)
    if drawn is None or drawn not in collected() or strokes <= drawn.strokes:
        return None
    grown = st.session_state[_DRAWN_KEY] = OwnDigit(pixels, drawn.label, strokes)
    st.session_state[_KEY] = [grown if digit is drawn else digit for digit in collected()]
    return grown


def _toggle(digit: OwnDigit) -> None:
    """Keep a digit under its label; take it back if it has that label already."""
    known = _find(digit.pixels)
    digits = [other for other in collected() if other is not known]
    if known is None or known.label != digit.label:
        digits.append(digit)
        if digit.strokes:
            st.session_state[_DRAWN_KEY] = digit
    st.session_state[_KEY] = digits[-MOST:]
