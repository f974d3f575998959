"""Digits that people wrote with a pen, as strokes, to measure how well drawings are recognised.

The file has one JSON object a line, perhaps compressed with gzip: `label` (0 to 9), `group` (who collected it)
and `strokes`, lists of [x, y] with x to the right, y down and a longer side of 1.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dropout_mnist.data.datasets import Split
from dropout_mnist.data.mnist_files import DataError
from dropout_mnist.preprocessing.drawing import read_strokes
from dropout_mnist.preprocessing.fabricjs import make_path, read_paths
from dropout_mnist.shapes import CLASSES, INPUT_SIZE

CANVAS_SIZE = 280
PEN_WIDTH = 20
# The digit's longer side, as a share of the canvas.
SMALLEST, LARGEST = 0.35, 0.85
# The pen is noticed at least so often, in pixels of its way.
PEN_STEP = 5


@dataclass(frozen=True)
class WrittenDigit:
    """One digit as its writer wrote it.

    Attributes:
        label: 0 to 9.
        group: who collected it.
        strokes: each (N, 2) float64, x to the right and y down, from 0 to 1 along the longer side.
    """

    label: int
    group: str
    strokes: tuple[NDArray[np.float64], ...]


def load_stroke_set(path: Path) -> list[WrittenDigit]:
    """Read a file of written digits.

    Raises:
        DataError: the file cannot be read, is empty, or has a line that is no digit; the message names it.
    """
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        lines = data.decode("utf-8").splitlines()
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    digits = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                digits.append(_parse(json.loads(line)))
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise DataError(f"{path}, line {number}: this is no digit made of strokes: {error!r}") from None
    if not digits:
        raise DataError(f"{path} has no digits in it")
    return digits


def draw_on_canvas(
    digit: WrittenDigit,
    generator: np.random.Generator,
    *,
    pen_width: float = PEN_WIDTH,
    smallest: float = SMALLEST,
    largest: float = LARGEST,
) -> list[dict[str, Any]]:
    """Return what the canvas reports when this digit is drawn anywhere on it.

    Args:
        digit: to be drawn.
        generator: chooses size and place.
        pen_width: in pixels of the canvas, which is 280 wide and high.
        smallest, largest: the digit's longer side, as a share of the canvas.

    Returns:
        the paths of its strokes, as in the canvas component's `json_data["objects"]`.
    """
    scale = generator.uniform(smallest, largest) * CANVAS_SIZE
    extent = np.concatenate(digit.strokes).max(axis=0) * scale
    # Inside of the canvas with the whole width of the pen, where there is room for that.
    free = np.maximum(CANVAS_SIZE - extent, 0)
    margin = np.minimum(pen_width / 2, free / 2)
    corner = generator.uniform(margin, free - margin)
    return [make_path(_walk(points * scale + corner), pen_width) for points in digit.strokes]


def draw_split(
    digits: list[WrittenDigit],
    seed: int = 0,
    *,
    pen_width: float = PEN_WIDTH,
    smallest: float = SMALLEST,
    largest: float = LARGEST,
) -> Split:
    """Draw every digit on the canvas and read it as a drawing is read.

    Args:
        digits: to be drawn.
        seed: decides their sizes and places.
        pen_width, smallest, largest: as for `draw_on_canvas`.
    """
    generator = np.random.default_rng(seed)
    pixels = []
    for digit in digits:
        paths = draw_on_canvas(digit, generator, pen_width=pen_width, smallest=smallest, largest=largest)
        drawn = read_strokes(read_paths(paths))
        assert drawn is not None, "every digit has strokes"
        pixels.append(drawn)
    stacked = torch.from_numpy(np.stack(pixels)).reshape(-1, INPUT_SIZE)
    return Split(stacked, torch.tensor([digit.label for digit in digits]))


def _walk(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the places at which the canvas notices a pen that goes from point to point."""
    way = np.r_[0, np.hypot(*np.diff(points, axis=0).T).cumsum()]
    distances = np.union1d(way, np.arange(0, way[-1], PEN_STEP))
    return np.stack([np.interp(distances, way, axis) for axis in points.T], axis=1)


def _parse(values: dict[str, Any]) -> WrittenDigit:
    label, group = values["label"], values["group"]
    if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < CLASSES:
        raise ValueError(f"label {label!r} is no digit")
    strokes = tuple(np.array(stroke, dtype=np.float64).reshape(-1, 2) for stroke in values["strokes"])
    if not strokes or not all(len(stroke) and np.isfinite(stroke).all() for stroke in strokes):
        raise ValueError("a digit needs strokes, and each of them points")
    return WrittenDigit(label, str(group), strokes)
