"""Turn a drawing into the network's input: 28 x 28 pixels, preprocessed like MNIST's images.

MNIST's digits were cropped, scaled to fit a 20 x 20 box without changing their proportions, and placed in a 28 x 28
image with their center of mass in the middle (LeCun et al., "Gradient-Based Learning Applied to Document
Recognition", Proc. IEEE 86 (1998), section III.A). Drawings are treated the same way. Pen width, size and position
do not tell which digit it is, so the strokes are rendered again at the network's scale, with a pen as wide as MNIST's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dropout_mnist.preprocessing.fabricjs import Stroke
from dropout_mnist.shapes import IMAGE_SIZE

Pixels = NDArray[np.uint8]

BOX_SIZE = 20

# The width of the pen in MNIST, in the network's pixels.
PEN_WIDTH = 2.6
# Strokes are rendered this many times larger and then reduced, which smooths the edges as in MNIST.
OVERSAMPLING = 10
# Ink fainter than this, of 255, counts as background.
MIN_CONTRAST = 32


def read_strokes(strokes: Sequence[Stroke]) -> Pixels | None:
    """Turn the strokes of a drawing into the network's pixels, whatever the pen width, size and position.

    Returns:
        (28, 28) uint8, or None if there are no strokes.
    """
    return normalize(_redraw(strokes)) if strokes else None


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


def _redraw(strokes: Sequence[Stroke]) -> Pixels:
    """Render strokes so that they and the pen's width fill the 20 x 20 box, enlarged by `OVERSAMPLING`."""
    points = np.concatenate([stroke.points for stroke in strokes])
    corner = points.min(axis=0)
    extent = float((points.max(axis=0) - corner).max())
    size, pen = BOX_SIZE * OVERSAMPLING, PEN_WIDTH * OVERSAMPLING
    # A drawing much smaller than the pen's width is a dot, even if the hand trembled.
    is_dot = extent < max(stroke.pen_width for stroke in strokes) / 2
    factor = 0.0 if is_dot else (size - pen) / extent
    image = Image.new("L", (size, size))
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        line = [(x, y) for x, y in (stroke.points - corner) * factor + pen / 2]
        draw.line(line, fill=255, width=round(pen), joint="curve")
        for end in (line[0], line[-1]):
            draw.circle(end, pen / 2, fill=255)
    return np.asarray(image)


def _start_when_centered(small: Pixels, axis: int) -> int:
    """Return the position of `small` along `axis` that puts its center of mass on pixel 14, as in MNIST."""
    length = small.shape[axis]
    mass = small.sum(axis=1 - axis, dtype=np.float64)
    center = float(mass @ np.arange(length) / mass.sum())
    start: int = min(max(0, round(IMAGE_SIZE / 2 - center)), IMAGE_SIZE - length)
    return start
