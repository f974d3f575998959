"""What a person draws -> what the network sees: 28 x 28 pixels made the way MNIST's were.

MNIST's digits were cropped, scaled to fit a 20 x 20 box with their proportions kept, and placed in a 28 x 28
field with their centre of mass in the middle (LeCun et al., "Gradient-Based Learning Applied to Document
Recognition", Proc. IEEE 86 (1998), section III.A). What a person draws goes the same way. How wide the pen was,
how large the digit and where it stood says nothing about which digit it is, so a drawing is drawn anew from its
strokes, at the network's scale and with a pen like MNIST's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dropout_mnist.preprocessing.fabricjs import Stroke
from dropout_mnist.shapes import IMAGE_SIZE

Pixels = NDArray[np.uint8]

BOX_SIZE = 20

# The pen's width when a drawing is drawn anew, in the network's pixels.
PEN_WIDTH = 2.6
# Drawn so many times larger, and reduced: that smooths the edges as in MNIST.
OVERSAMPLING = 10
# A picture whose brightest ink differs less than this from its background (of 255) shows nothing.
MIN_CONTRAST = 32


def read_strokes(strokes: Sequence[Stroke]) -> Pixels | None:
    """Turn the strokes of a drawing into the network's pixels, alike for every pen, size and place.

    Returns:
        (28, 28) uint8, or None if there are no strokes.
    """
    return normalize(_draw_anew(strokes)) if strokes else None


def read_canvas(rgba: Pixels) -> Pixels | None:
    """Turn the canvas, (H, W, 4) uint8 with a white pen on black, into the network's pixels.

    Returns:
        (28, 28) uint8, or None if the canvas is empty.
    """
    ink = rgba[..., :3].max(axis=2).astype(np.uint16) * rgba[..., 3] // 255
    return normalize(ink.astype(np.uint8))


def normalize(ink: Pixels) -> Pixels | None:
    """Crop ink, scale its longer side to 20 pixels, and centre its mass in a 28 x 28 field.

    Args:
        ink: (H, W) uint8, 0 for background to 255 for ink.

    Returns:
        (28, 28) uint8, or None if no pixel stands out from the background.
    """
    inked = ink >= MIN_CONTRAST
    if not inked.any():
        return None
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = BOX_SIZE / max(digit.shape)
    height, width = (max(1, round(side * factor)) for side in digit.shape)
    # LANCZOS averages over all the pixels that become one when it reduces, so thin strokes are not lost.
    small = np.asarray(Image.fromarray(digit).resize((width, height), Image.Resampling.LANCZOS))
    if not small.any():  # specks far apart, too small to leave a trace
        return None
    field = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    top, left = _centred(small, axis=0), _centred(small, axis=1)
    field[top : top + height, left : left + width] = small
    return field


def _draw_anew(strokes: Sequence[Stroke]) -> Pixels:
    """Draw strokes so that with the pen's width they fill the network's box, `OVERSAMPLING` times enlarged."""
    points = np.concatenate([stroke.points for stroke in strokes])
    corner = points.min(axis=0)
    extent = float((points.max(axis=0) - corner).max())
    size, pen = BOX_SIZE * OVERSAMPLING, PEN_WIDTH * OVERSAMPLING
    # What is far smaller than the pen that drew it is a dot, however the hand trembled.
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


def _centred(small: Pixels, axis: int) -> int:
    """Return where `small` begins along `axis` when its centre of mass is on pixel 14, as it is in MNIST."""
    length = small.shape[axis]
    mass = small.sum(axis=1 - axis, dtype=np.float64)
    centre = float(mass @ np.arange(length) / mass.sum())
    start: int = min(max(0, round(IMAGE_SIZE / 2 - centre)), IMAGE_SIZE - length)
    return start
