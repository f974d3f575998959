"""The canvas: st_canvas with undo, clear and pen width, and a memory that outlives it.

`st_canvas` keeps its drawing only while it is on the page, takes a moment to report what was drawn, and once told
to show something else reports that a moment later. The session's `Drawing` knows better.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas

from dropout_mnist.preprocessing.drawing import Pixels, read_canvas, read_strokes
from dropout_mnist.preprocessing.fabricjs import StrokeError, read_paths
from dropout_mnist.preprocessing.picture import PictureError, open_picture

SIZE = 280
# The component's own tools float, unseen, over the first rows of its canvas: strokes that begin there are lost, and
# one of the tools ends drawing. So the canvas has these rows more than are shown.
_HIDDEN_ROWS = 32
_STYLE = f"""<style>
.st-key-canvas {{ overflow: clip; outline: 1px solid #80808080; outline-offset: -1px; }}
.st-key-canvas > div {{ margin-top: -{_HIDDEN_ROWS}px; }}
</style>"""

PEN_WIDTHS = (8, 40)
DEFAULT_PEN_WIDTH = 20

Strokes = list[dict[str, Any]]

_WIDGET_KEY = "canvas_widget"
_DRAWING_KEY = "drawing"


@dataclass
class Drawing:
    """What is on the canvas.

    Attributes:
        strokes: as the canvas reported them, or as it was told since.
        pixels: what the network sees of them, (28, 28) uint8, or None.
        told: what the canvas is told to show; it obeys when the revision changes.
    """

    strokes: Strokes = field(default_factory=list)
    pixels: Pixels | None = None
    told: dict[str, Any] = field(default_factory=lambda: {"objects": [], "revision": 0})
    _reported: Strokes | None = None
    _outdated: Strokes | None = None

    def show(self, strokes: Strokes) -> None:
        """Let the canvas show these strokes; what it last reported says nothing any more."""
        self.strokes = strokes
        self.told = {"objects": strokes, "revision": self.told["revision"] + 1}
        self._outdated = self._reported

    def take(self, report: CanvasResult) -> None:
        """Take over what the canvas reports, unless it is from before the canvas was told something else.

        A browser may report anything: what cannot be read is no drawing.
        """
        # A canvas that has come back to the page reports no image until it is drawn on.
        image, strokes = _parts(report)
        if image is None or strokes is None:
            return
        self._reported = strokes
        if self._reported == self._outdated:
            return
        self._outdated = None
        self.strokes = self._reported
        try:
            self.pixels = read_strokes(read_paths(self.strokes))
        except StrokeError:
            self.pixels = _read_image(image)

    def undo(self) -> None:
        """Take back the last stroke."""
        self.show(self.strokes[:-1])

    def clear(self) -> None:
        """Take back all strokes."""
        self.show([])


def _parts(report: CanvasResult) -> tuple[bytes | None, Strokes | None]:
    """Return a report's image file and its strokes; None for what it has not."""
    try:
        strokes = report.json_data.get("objects") if report.json_data else None
        return report.image_bytes, strokes if isinstance(strokes, list) else None
    except (AttributeError, ValueError):
        return None, None


def _read_image(data: bytes) -> Pixels | None:
    """Return what the network sees of the canvas's image."""
    try:
        return read_canvas(np.asarray(open_picture(data).convert("RGBA")))
    except PictureError:
        return None


def drawn_pixels() -> Pixels | None:
    """Return what the network sees of this session's drawing, None if there is none; also where no canvas is shown."""
    drawing: Drawing | None = st.session_state.get(_DRAWING_KEY)
    return drawing.pixels if drawing and drawing.strokes else None


def show() -> Pixels | None:
    """Show the canvas and its buttons; return what the network sees of the drawing, None if it is empty."""
    drawing: Drawing = st.session_state.setdefault(_DRAWING_KEY, Drawing())
    if _WIDGET_KEY not in st.session_state:
        # The canvas comes (back) to the page: give it what was on it when it left.
        drawing.show(drawing.strokes)
    st.html(_STYLE)
    with st.container(key="canvas", width=SIZE, height=SIZE, border=False):
        report = st_canvas(
            stroke_width=st.session_state.get("pen_width", DEFAULT_PEN_WIDTH),
            stroke_color="#ffffff",
            background_color="#000000",
            width=SIZE,
            height=SIZE + _HIDDEN_ROWS,
            initial_drawing=drawing.told,
            return_image_data=True,
            key=_WIDGET_KEY,
        )
    drawing.take(report)
    empty = not drawing.strokes
    with st.container(horizontal=True, gap="small"):
        st.button("Undo", key="undo", icon=":material/undo:", disabled=empty, on_click=drawing.undo, shortcut="Ctrl+Z")
        st.button("Clear", key="clear", icon=":material/delete:", disabled=empty, on_click=drawing.clear)
        with st.popover("Pen", icon=":material/edit:", key="pen"):
            st.slider("Pen width (pixels)", *PEN_WIDTHS, DEFAULT_PEN_WIDTH, key="pen_width", persist_state="session")
    return None if empty else drawing.pixels
