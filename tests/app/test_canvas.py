"""The session's drawing, and what the canvas reports about it."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dropout_mnist.preprocessing.fabricjs import MAX_COMMANDS, make_path

from .page import canvas_report


def test_undo_works_again_before_the_canvas_reports_the_first_undo(canvas_module: ModuleType) -> None:
    strokes = [{"stroke": number} for number in range(3)]
    drawing = canvas_module.Drawing()
    drawing.update_from_report(canvas_report(strokes))
    for left in (2, 1, 0):
        drawing.undo()
        drawing.update_from_report(canvas_report(strokes))
        assert drawing.strokes == drawing.sent["objects"] == strokes[:left]
    drawing.update_from_report(canvas_report(strokes[:2]))
    assert drawing.strokes == strokes[:2]


def test_pixels_come_from_the_strokes_rather_than_the_image(canvas_module: ModuleType) -> None:
    drawing = canvas_module.Drawing()
    drawing.update_from_report(canvas_report([make_path([(100, 40), (110, 140), (120, 240)], 20)]))
    assert drawing.pixels is not None
    assert drawing.pixels.any()


def test_pixels_of_an_overlong_drawing_come_from_its_image(canvas_module: ModuleType) -> None:
    image = Image.new("RGBA", (280, 280), (0, 0, 0, 255))
    ImageDraw.Draw(image).line((150, 40, 130, 240), fill="white", width=20)
    scribble = np.random.default_rng(0).uniform(0, 280, (MAX_COMMANDS + 10, 2))
    drawing = canvas_module.Drawing()
    for strokes in ([make_path(scribble, 20)], [make_path(part, 20) for part in np.array_split(scribble, 100)]):
        drawing.update_from_report(canvas_report(strokes, image))
        assert drawing.pixels is not None
        assert 20 < np.count_nonzero(drawing.pixels) < 100


@pytest.mark.parametrize(
    ("json_data", "image_url"),
    [
        ([], "data:image/png;base64,"),
        ({"objects": "all"}, "data:image/png;base64,"),
        ({"objects": [1]}, "nonsense"),
        ({"objects": [1]}, 7),
        ({"objects": [1]}, "data:image/png;base64,AAAA"),
        ({"objects": [{"type": "Path", "path": 3}]}, "data:image/png;base64,!"),
    ],
)
def test_forged_report_gives_no_pixels(canvas_module: ModuleType, json_data: Any, image_url: Any) -> None:
    drawing = canvas_module.Drawing()
    drawing.update_from_report(canvas_module.CanvasResult(json_data, image_url, return_image_data=True))
    assert drawing.pixels is None


def test_redo_restores_undone_strokes_until_a_new_one_is_drawn(canvas_module: ModuleType) -> None:
    strokes = [{"stroke": number} for number in range(4)]
    drawing = canvas_module.Drawing()
    drawing.update_from_report(canvas_report(strokes[:3]))
    for left in (2, 1):
        drawing.undo()
        drawing.update_from_report(canvas_report(strokes[:left]))
    drawing.redo()
    assert drawing.strokes == drawing.sent["objects"] == strokes[:2]
    drawing.update_from_report(canvas_report(strokes[:2]))
    drawing.update_from_report(canvas_report([*strokes[:2], strokes[3]]))
    drawing.redo()
    assert drawing.strokes == [*strokes[:2], strokes[3]]


def test_clear_leaves_nothing_to_redo(canvas_module: ModuleType) -> None:
    drawing = canvas_module.Drawing()
    drawing.update_from_report(canvas_report([{"stroke": 0}, {"stroke": 1}]))
    drawing.undo()
    drawing.clear()
    drawing.redo()
    assert drawing.strokes == []


def test_kept_drawing_is_restored_into_a_new_session_only(canvas_module: ModuleType) -> None:
    kept = [make_path([(100, 40), (110, 140), (120, 240)], 20)]
    drawing = canvas_module.Drawing()
    drawing.restore(kept)
    assert drawing.strokes == drawing.sent["objects"] == kept
    assert drawing.pixels is not None
    drawn = canvas_module.Drawing()
    drawn.update_from_report(canvas_report([]))
    drawn.restore(kept)
    assert drawn.strokes == []


@pytest.mark.parametrize("kept", [None, "all", [1], [{"type": "Image", "src": "https://elsewhere.example"}]])
def test_forged_kept_drawing_is_ignored(canvas_module: ModuleType, kept: object) -> None:
    drawing = canvas_module.Drawing()
    drawing.restore(kept)
    assert drawing.strokes == []
    assert drawing.is_new
