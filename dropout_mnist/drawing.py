"""Any picture of a digit -> what the network sees: 28 x 28 pixels made the way MNIST's were.

MNIST's digits were cropped, scaled to fit a 20 x 20 box with their proportions kept, and placed in a 28 x 28
field with their centre of mass in the middle (LeCun et al., "Gradient-Based Learning Applied to Document
Recognition", Proc. IEEE 86 (1998), section III.A). What a person draws goes the same way.
"""

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from dropout_mnist.model import IMAGE_SIZE

Pixels = NDArray[np.uint8]

BOX_SIZE = 20

# The largest side that is looked at; bigger pictures are reduced first, and far bigger ones refused.
WORKING_SIZE = 1024
MAX_PICTURE_PIXELS = 50_000_000

# A picture whose brightest ink differs less than this from its background (of 255) shows nothing.
MIN_CONTRAST = 32


class PictureError(Exception):
    """A picture cannot be read; the message says why and what would do."""


def read_canvas(rgba: Pixels) -> Pixels | None:
    """Turn the canvas, (H, W, 4) uint8 with a white pen on black, into the network's pixels.

    Returns:
        (28, 28) uint8, or None if the canvas is empty.
    """
    ink = rgba[..., :3].max(axis=2).astype(np.uint16) * rgba[..., 3] // 255
    return normalize(ink.astype(np.uint8))


def read_picture(picture: Image.Image) -> Pixels | None:
    """Turn a picture as `open_picture` gives it, dark on light or light on dark, into the network's pixels.

    Returns:
        (28, 28) uint8, or None if the picture shows nothing that stands out from its background.
    """
    return normalize(_find_ink(picture))


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


def _centred(small: Pixels, axis: int) -> int:
    """Return where `small` begins along `axis` when its centre of mass is on pixel 14, as it is in MNIST."""
    length = small.shape[axis]
    mass = small.sum(axis=1 - axis, dtype=np.float64)
    centre = float(mass @ np.arange(length) / mass.sum())
    start: int = min(max(0, round(IMAGE_SIZE / 2 - centre)), IMAGE_SIZE - length)
    return start


def open_picture(data: bytes) -> Image.Image:
    """Open an image file, upright and reduced to at most 1,024 pixels a side.

    Args:
        data: the file's contents, in any format that Pillow reads.

    Returns:
        an image of mode L or RGBA, 8 bits a channel.

    Raises:
        PictureError: this is no picture, it is damaged, or it has more than 50 million pixels.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PICTURE_PIXELS:
                raise PictureError(
                    f"The picture is too large: {image.width:,} x {image.height:,} pixels; "
                    f"{MAX_PICTURE_PIXELS / 1e6:.0f} million pixels are the most."
                )
            # Lets JPEGs be decoded at a fraction of their size.
            image.draft(None, (WORKING_SIZE, WORKING_SIZE))
            upright = _to_8_bits(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise PictureError("This is not a picture: use a PNG, JPEG, GIF, BMP, TIFF or WebP file.") from None
    except Image.DecompressionBombError:
        raise PictureError("The picture is too large to be read safely: scale it down first.") from None
    # Pillow's decoders raise whatever their format suggests.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, struct.error) as error:
        raise PictureError(f"The picture is damaged and cannot be read ({error}).") from None
    upright.thumbnail((WORKING_SIZE, WORKING_SIZE))
    return upright


def _find_ink(image: Image.Image) -> Pixels:
    """Return how much each pixel differs from the background, (H, W) uint8, the strongest ink at 255."""
    grey = _to_grey(image)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = float(np.median(border))
    # Dark ink on light, or light on dark: whichever side of the background has the more contrast.
    lighter, darker = np.clip(grey - background, 0, None), np.clip(background - grey, 0, None)
    ink = darker if darker.max() > lighter.max() else lighter
    strongest = float(ink.max())
    if strongest < MIN_CONTRAST:
        return np.zeros(grey.shape, np.uint8)
    ink = ink / strongest
    # Paper is never quite even; a quarter of the ink's contrast is still paper.
    return np.where(ink > 0.25, ink * 255, 0).astype(np.uint8)


def _to_8_bits(image: Image.Image) -> Image.Image:
    if not image.mode.startswith(("I", "F")):
        return image.convert("RGBA")
    # 16 and 32 bits a pixel: stretched, since what is white is not told by the format.
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    stretched = (values - low) * (255 / (high - low)) if high > low else np.zeros_like(values)
    return Image.fromarray(stretched.astype(np.uint8))


def _to_grey(image: Image.Image) -> NDArray[np.float64]:
    grey = np.asarray(image.convert("L"), dtype=np.float64)
    if image.mode == "L":
        return grey
    alpha = np.asarray(image.getchannel("A"), dtype=np.float64) / 255
    # Transparent pixels take the shade opposite to that of the ink, as a viewer's page would.
    ink_shade = float(np.average(grey, weights=alpha)) if alpha.any() else 0.0
    return grey * alpha + (255.0 if ink_shade < 128 else 0.0) * (1 - alpha)
