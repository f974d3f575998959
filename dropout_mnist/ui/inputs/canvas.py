"""The canvas: `st_canvas` with undo, redo, clear and pen width, whose drawing survives other pages and a reload.

`st_canvas` keeps its drawing only while it is on the page. It reports a stroke a moment after it was drawn, and new
content that it is sent, such as after an undo, later still. So the session keeps the drawing in a `Drawing`.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit_drawable_canvas import CanvasResult, st_canvas

from dropout_mnist.preprocessing.drawing import Pixels, read_canvas, read_strokes
from dropout_mnist.preprocessing.fabricjs import StrokeError, read_paths
from dropout_mnist.preprocessing.picture import PictureError, open_picture
from dropout_mnist.ui.inputs import canvas_memory, canvas_script
from dropout_mnist.ui.language import translate as _

# In the coordinates of strokes. On the screen it is as large as fits, so that a drawing does not depend on the screen.
SIZE = 280
_STYLE = """<style>
.st-key-canvas {
    max-width: var(--canvas-size, 22.5rem); aspect-ratio: 1; overflow: clip;
    outline: 1px solid #80808080; outline-offset: -1px;
}
.st-key-canvas .stElementContainer, .st-key-canvas [data-testid^="stBidiComponent"] { width: 100%; }
.st-key-canvas_tools { flex-wrap: nowrap; container-type: inline-size; }
.st-key-canvas_tools button { padding: 0 0.5rem; }
.st-key-canvas_tools kbd { display: none; }
.st-key-canvas_script, .st-key-canvas_memory { position: absolute; width: 0; }
@container (max-width: 340px) { .st-key-canvas_tools :has(> [data-testid="stIconMaterial"]) { display: none; } }
@media (max-width: 640px) { .st-key-canvas { max-width: max(22.5rem, 55svh); } }
</style>"""
_PICTURE_STYLE = """<style>
.st-key-input_picture { max-width: var(--canvas-size, 22.5rem); }
.st-key-input_picture img { max-height: var(--canvas-size, 22.5rem); object-fit: contain; object-position: left; }
.st-key-input_picture img[src^="data:"] { image-rendering: pixelated; }
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
        strokes: as last reported by the canvas or sent to it.
        pixels: the network's input, (28, 28) uint8, or None.
        sent: what the canvas was last asked to show; it reloads when the revision changes.
        undone: strokes that `redo` restores, the next one last.
    """

    strokes: Strokes = field(default_factory=list)
    pixels: Pixels | None = None
    sent: dict[str, Any] = field(default_factory=lambda: {"objects": [], "revision": 0})
    undone: Strokes = field(default_factory=list)
    _reported: Strokes | None = None
    _outdated: Strokes | None = None
    _restored: bool = False

    def replace(self, strokes: Strokes) -> None:
        """Make the canvas show these strokes; from now on its last report is out of date."""
        self.strokes = strokes
        self.sent = {"objects": strokes, "revision": self.sent["revision"] + 1}
        self._outdated = self._reported

    def update_from_report(self, report: CanvasResult) -> None:
        """Update the drawing from a report of the canvas, unless the report is older than the last replacement.

        A browser can report anything, so a report that cannot be read is ignored.
        """
        # A canvas that has returned to the page reports no image until it is drawn on.
        image, strokes = _parts(report)
        if image is None or strokes is None:
            return
        self._reported = strokes
        if self._reported == self._outdated:
            return
        self._outdated = None
        if len(self._reported) > len(self.strokes):
            # A new stroke was drawn.
            self.undone = []
        self.strokes = self._reported
        try:
            self.pixels = read_strokes(read_paths(self.strokes))
        except StrokeError:
            self.pixels = _read_image(image)

    @property
    def is_new(self) -> bool:
        """Whether nothing was drawn or restored yet."""
        return self._reported is None and not self._restored

    def restore(self, strokes: object) -> None:
        """Restore strokes that the browser kept, unless there is a drawing already or they cannot be read."""
        if not self.is_new or not isinstance(strokes, list):
            return
        try:
            self.pixels = read_strokes(read_paths(strokes))
        except StrokeError:
            return
        self._restored = True
        self.replace(strokes)

    def undo(self) -> None:
        """Remove the last stroke."""
        self.undone += self.strokes[-1:]
        self.replace(self.strokes[:-1])

    def redo(self) -> None:
        """Restore the stroke that was undone last."""
        restored, self.undone = self.undone[-1:], self.undone[:-1]
        self.replace(self.strokes + restored)

    def clear(self) -> None:
        """Remove all strokes."""
        self.undone = []
        self.replace([])


def _parts(report: CanvasResult) -> tuple[bytes | None, Strokes | None]:
    """Return the image file and the strokes of a report, None for what is missing."""
    try:
        strokes = report.json_data.get("objects") if report.json_data else None
        return report.image_bytes, strokes if isinstance(strokes, list) else None
    except (AttributeError, ValueError):
        return None, None


def _read_image(data: bytes) -> Pixels | None:
    """Return the network's input for an image of the canvas, None if it cannot be read."""
    try:
        return read_canvas(np.asarray(open_picture(data).convert("RGBA")))
    except PictureError:
        return None


def picture_place() -> DeltaGenerator:
    """Return the place of a picture that is the input instead of a drawing: as large as the canvas."""
    st.html(_PICTURE_STYLE)
    return st.container(key="input_picture")


def current_drawing() -> Drawing:
    """Return this session's drawing; works on every page."""
    drawing: Drawing = st.session_state.setdefault(_DRAWING_KEY, Drawing())
    return drawing


def remember() -> None:
    """Let the browser keep this session's drawing; call it on every page that shows the drawing."""
    drawing = current_drawing()
    canvas_memory.show(drawing.strokes, drawing.is_new, drawing.restore)


def drawn_pixels() -> Pixels | None:
    """Return the network's input for this session's drawing, None if it is empty; works on every page."""
    drawing = current_drawing()
    return drawing.pixels if drawing.strokes else None


def pen_width() -> int:
    """Return the width of the pen, in canvas pixels."""
    width: int = st.session_state.get("pen_width", DEFAULT_PEN_WIDTH)
    return width


def show() -> Pixels | None:
    """Show the canvas and its buttons; return the network's input for the drawing, None if it is empty."""
    drawing = current_drawing()
    if _WIDGET_KEY not in st.session_state:
        # The canvas is new on the page, or returns to it: restore the drawing.
        drawing.replace(drawing.strokes)
    st.html(_STYLE)
    canvas_script.show()
    with st.container(key="canvas"):
        report = st_canvas(
            stroke_width=pen_width(),
            stroke_color="#ffffff",
            background_color="#000000",
            width=SIZE,
            height=SIZE,
            initial_drawing=drawing.sent,
            return_image_data=True,
            key=_WIDGET_KEY,
        )
    drawing.update_from_report(report)
    remember()
    empty = not drawing.strokes
    with st.container(key="canvas_tools", horizontal=True, gap="xsmall"):
        st.button(
            _("Undo"),
            key="undo",
            icon=":material/undo:",
            disabled=empty,
            on_click=drawing.undo,
            shortcut="Ctrl+Z",
            help="Ctrl+Z",
        )
        st.button(
            _("Redo"),
            key="redo",
            icon=":material/redo:",
            disabled=not drawing.undone,
            on_click=drawing.redo,
            shortcut="Ctrl+Y",
            help="Ctrl+Y",
        )
        st.button(_("Clear"), key="clear", icon=":material/delete:", disabled=empty, on_click=drawing.clear)
        with st.popover(_("Pen"), icon=":material/edit:", key="pen"):
            st.slider(_("Pen width"), *PEN_WIDTHS, DEFAULT_PEN_WIDTH, key="pen_width", persist_state="session")
    return None if empty else drawing.pixels
