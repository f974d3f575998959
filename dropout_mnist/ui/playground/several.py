"""Read a drawing of several digits, such as 42, from left to right."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dropout_mnist.evaluation import Doubt, predict_batch
from dropout_mnist.preprocessing.drawing import read_strokes
from dropout_mnist.preprocessing.fabricjs import Stroke, StrokeError, read_paths
from dropout_mnist.preprocessing.inputs import to_batch
from dropout_mnist.preprocessing.stroke_groups import split_digits
from dropout_mnist.ui import models
from dropout_mnist.ui.inputs import canvas, canvas_boxes
from dropout_mnist.ui.language import translate as _


def show() -> None:
    """Show what the digits of the drawing are read as, if it has several and is not plainly a single one."""
    paths = canvas.current_drawing().strokes
    # This runs after every stroke: find out cheaply that there is a single digit.
    if len(paths) < 2:
        return
    try:
        strokes = read_paths(paths)
    except StrokeError:
        return
    groups = split_digits(strokes)
    model = models.in_use() if len(groups) > 1 else None
    if model is None:
        return
    images, _single = to_batch([read_strokes(drawing) for drawing in (strokes, *groups)])
    [whole, *digits] = predict_batch(model.checkpoint.model, images)
    # A detached stroke can stand beside its digit.
    if whole.doubt is Doubt.NONE:
        return
    canvas_boxes.show(
        [
            (_box(group), str(digit.digit), digit.doubt is Doubt.NONE)
            for group, digit in zip(groups, digits, strict=True)
        ]
    )
    number = "".join(str(digit.digit) for digit in digits)
    sure = ", ".join(
        _("{digit} ({percent} sure)", digit=digit.digit, percent=f"{digit.confidence:.1%}") for digit in digits
    )
    with st.container(key="several_digits"):
        st.info(
            _("As several digits, from left to right, this is **{number}**: {answers}.", number=number, answers=sure)
            + " "
            + _("The panel above takes all strokes for a single digit."),
            icon=":material/view_week:",
        )


def _box(strokes: Sequence[Stroke]) -> tuple[float, float, float, float]:
    """Return the left, top, right and bottom of the ink, as shares of the canvas."""
    low = np.min([stroke.points.min(axis=0) - stroke.pen_width / 2 for stroke in strokes], axis=0)
    high = np.max([stroke.points.max(axis=0) + stroke.pen_width / 2 for stroke in strokes], axis=0)
    left, top, right, bottom = (np.concatenate([low, high]) / canvas.SIZE).clip(0, 1).tolist()
    return left, top, right, bottom
