"""Turn a drawing into the network's input: 28 x 28 pixels, preprocessed like MNIST's images.

MNIST's digits were cropped, scaled to fit a 20 x 20 box without changing their proportions, and placed in a 28 x 28
image with their center of mass in the middle (LeCun et al., "Gradient-Based Learning Applied to Document
Recognition", Proc. IEEE 86 (1998), section III.A). Drawings are treated the same way. Pen width, size and position
do not tell which digit it is, so the strokes are rendered again at the network's scale, with a pen as wide as MNIST's.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dropout_mnist.preprocessing.fabricjs import Stroke
from dropout_mnist.shapes import IMAGE_SIZE

Pixels = NDArray[np.uint8]

BOX_SIZE = 20

# The width of the pen in MNIST, in the network's pixels.
PEN_WIDTH = 2.6
# A pixel whose center is this far from the pen's edge, inside or outside, is fully inked or not at all.
SOFTNESS = 0.5
# Keeps the length of a dot from being 0 where it is divided by.
_TINY = 1e-12
# The position of the center of mass, as the index of a row or column.
MIDDLE = IMAGE_SIZE / 2
# Ink fainter than this, of 255, counts as background.
MIN_CONTRAST = 32


def read_strokes(strokes: Sequence[Stroke]) -> Pixels | None:
    """Turn the strokes of a drawing into the network's pixels, whatever the pen width, size and position.

    A pixel's ink follows from the distance between its center and the nearest stroke. `live/rasterise.js` computes the
    same in the browser.

    Returns:
        (28, 28) uint8, or None if there are no strokes.
    """
    if not strokes:
        return None
    starts, ends = _fit_to_box(strokes)
    coverage = _cover(starts, ends)
    mass = coverage.sum()
    columns, rows = (float(coverage.sum(axis=axis) @ np.arange(IMAGE_SIZE) / mass) for axis in (0, 1))
    extent = np.maximum(starts, ends).max(axis=0) + PEN_WIDTH / 2
    corner = np.clip(MIDDLE - np.array([columns, rows]), 0, IMAGE_SIZE - extent)
    centered = _cover(starts + corner, ends + corner)
    return np.floor(centered * 255 + 0.5).astype(np.uint8)


def read_canvas(rgba: Pixels) -> Pixels | None:
    """Turn the image of the canvas into the network's pixels.

    Args:
        rgba: (H, W, 4) uint8, drawn with a white pen on black.

    Returns:
        (28, 28) uint8, or None if the canvas is empty.
    """
    ink = rgba[..., :3].max(axis=2).astype(np.uint16) * rgba[..., 3] // 255
    return normalize(ink.astype(np.uint8))


def normalize(ink: Pixels) -> Pixels | None:
    """Crop the ink, scale its longer side to 20 pixels, and center its mass in a 28 x 28 image.

    Args:
        ink: (H, W) uint8, 0 for background to 255 for ink.

    Returns:
        (28, 28) uint8, or None if there is no ink.
    """
    inked = ink >= MIN_CONTRAST
    if not inked.any():
        return None
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = BOX_SIZE / max(digit.shape)
    height, width = (max(1, round(side * factor)) for side in digit.shape)
    # LANCZOS averages over all pixels that are merged into one, so thin strokes are not lost.
    small = np.asarray(Image.fromarray(digit).resize((width, height), Image.Resampling.LANCZOS))
    if not small.any():  # specks far apart, which vanish when they are scaled down
        return None
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    top, left = _start_when_centered(small, axis=0), _start_when_centered(small, axis=1)
    image[top : top + height, left : left + width] = small
    return image


def _fit_to_box(strokes: Sequence[Stroke]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the starts and ends of the strokes' segments, (N, 2), scaled so that the pen's ink fills a 20 x 20 box."""
    points = np.concatenate([stroke.points for stroke in strokes])
    corner = points.min(axis=0)
    extent = float((points.max(axis=0) - corner).max())
    # A drawing much smaller than the pen's width is a dot, even if the hand trembled.
    is_dot = extent < max(stroke.pen_width for stroke in strokes) / 2
    factor = 0.0 if is_dot else (BOX_SIZE - PEN_WIDTH) / extent
    lines = [(stroke.points - corner) * factor + PEN_WIDTH / 2 for stroke in strokes]
    # A stroke of a single point is a segment without length.
    starts = np.concatenate([line[:-1] if len(line) > 1 else line for line in lines])
    ends = np.concatenate([line[1:] if len(line) > 1 else line for line in lines])
    return starts, ends


def _cover(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each pixel is covered by a pen that follows these segments, (28, 28), from 0 to 1."""
    # Pieces at most a pixel long reach few pixels, so that only these are looked at.
    counts = np.maximum(1, np.ceil(np.hypot(*(ends - starts).T))).astype(int)
    step = np.repeat((ends - starts) / counts[:, None], counts, axis=0)
    number = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    begin = np.repeat(starts, counts, axis=0) + step * number[:, None]

    middle = begin + step / 2
    reach = PEN_WIDTH / 2 + SOFTNESS + 0.5
    window = np.arange(math.ceil(2 * reach))
    first = np.floor(middle - reach + 0.5).astype(int)
    columns = first[:, 0, None, None] + window
    rows = first[:, 1, None, None] + window[:, None]
    right, down = columns + 0.5 - begin[:, 0, None, None], rows + 0.5 - begin[:, 1, None, None]
    step_x, step_y = step[:, 0, None, None], step[:, 1, None, None]
    # How far along the piece, from 0 to 1, the pen comes closest to the pixel's center.
    along = np.clip((right * step_x + down * step_y) / np.maximum(step_x**2 + step_y**2, _TINY), 0, 1)
    squares = (right - along * step_x) ** 2 + (down - along * step_y) ** 2

    # With a margin, because the pen's window can reach beyond the image.
    side = IMAGE_SIZE + 2 * len(window)
    nearest = np.full(side * side, np.inf)
    np.minimum.at(nearest, (rows + len(window)) * side + columns + len(window), squares)
    inside = slice(len(window), -len(window))
    distance = np.sqrt(nearest.reshape(side, side)[inside, inside])
    return np.clip((PEN_WIDTH / 2 + SOFTNESS - distance) / (2 * SOFTNESS), 0, 1)


def _start_when_centered(small: Pixels, axis: int) -> int:
    """Return the position of `small` along `axis` that puts its center of mass on pixel 14, as in MNIST."""
    length = small.shape[axis]
    mass = small.sum(axis=1 - axis, dtype=np.float64)
    center = float(mass @ np.arange(length) / mass.sum())
    start: int = min(max(0, round(IMAGE_SIZE / 2 - center)), IMAGE_SIZE - length)
    return start
