"""Load handwritten digits recorded as pen strokes, and render them, to measure how well drawings are recognized.

A file has one JSON object per line, and may be compressed with gzip. Its keys are `label` (0 to 9), `group` (who
collected it) and `strokes`, lists of points [x, y] with x to the right, y down, and a longer side of 1.
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
from dropout_mnist.storage.files import read_file

# MNIST's 70,000 digits would take 50 MB.
MAX_FILE_BYTES = 1_000_000_000

CANVAS_SIZE = 280
PEN_WIDTH = 20
# The range of the digit's longer side, as a share of the canvas.
SMALLEST, LARGEST = 0.35, 0.85
# The browser reports the pen at least once per this distance, in canvas pixels.
PEN_STEP = 5


@dataclass(frozen=True)
class PenDigit:
    """A handwritten digit as pen strokes.

    Attributes:
        label: 0 to 9.
        group: who collected it.
        strokes: each (N, 2) float64, x to the right and y down, from 0 to 1 along the longer side.
    """

    label: int
    group: str
    strokes: tuple[NDArray[np.float64], ...]


def load_pen_digits(path: Path | str) -> list[PenDigit]:
    """Load a file of handwritten digits.

    Raises:
        DataError: the file cannot be read, has no digits, or has a line that is not a digit; the message names it.
    """
    path = Path(path)
    try:
        data = read_file(path, MAX_FILE_BYTES)
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
                raise DataError(f"{path}, line {number}: not a digit made of strokes: {error!r}") from None
    if not digits:
        raise DataError(f"{path} contains no digits")
    return digits


def draw_on_canvas(
    digit: PenDigit,
    generator: np.random.Generator,
    *,
    pen_width: float = PEN_WIDTH,
    smallest: float = SMALLEST,
    largest: float = LARGEST,
) -> list[dict[str, Any]]:
    """Return what the canvas reports when this digit is drawn on it, at a random size and position.

    Args:
        digit: the digit to draw.
        generator: chooses size and position.
        pen_width: in canvas pixels; the canvas is 280 pixels wide and high.
        smallest, largest: the range of the digit's longer side, as a share of the canvas.

    Returns:
        one path per stroke, as in the canvas component's `json_data["objects"]`.
    """
    scale = generator.uniform(smallest, largest) * CANVAS_SIZE
    extent = np.concatenate(digit.strokes).max(axis=0) * scale
    # The pen's full width stays inside the canvas if there is room for it.
    free = np.maximum(CANVAS_SIZE - extent, 0)
    margin = np.minimum(pen_width / 2, free / 2)
    corner = generator.uniform(margin, free - margin)
    return [make_path(_resample(points * scale + corner), pen_width) for points in digit.strokes]


def render_split(
    digits: list[PenDigit],
    seed: int = 0,
    *,
    pen_width: float = PEN_WIDTH,
    smallest: float = SMALLEST,
    largest: float = LARGEST,
) -> Split:
    """Draw digits on the canvas and preprocess them like any drawing.

    Args:
        digits: the digits to draw.
        seed: determines their sizes and positions.
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


def _resample(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points, (N, 2), and others between them, at most `PEN_STEP` apart."""
    lengths = np.r_[0, np.hypot(*np.diff(points, axis=0).T).cumsum()]
    distances = np.union1d(lengths, np.arange(0, lengths[-1], PEN_STEP))
    return np.stack([np.interp(distances, lengths, axis) for axis in points.T], axis=1)


def _parse(values: dict[str, Any]) -> PenDigit:
    label, group = values["label"], values["group"]
    if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < CLASSES:
        raise ValueError(f"label must be an integer from 0 to 9, not {label!r}")
    strokes = tuple(np.array(stroke, dtype=np.float64).reshape(-1, 2) for stroke in values["strokes"])
    if not strokes or not all(len(stroke) and np.isfinite(stroke).all() for stroke in strokes):
        raise ValueError("a digit needs at least one stroke, and each stroke at least one finite point")
    return PenDigit(label, str(group), strokes)
