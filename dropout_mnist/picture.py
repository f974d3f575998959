"""A picture of a digit, a photo or a scan or a drawing in a file -> what the network sees."""

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from dropout_mnist.drawing import MIN_CONTRAST, Pixels, normalize

# The largest side that is looked at; bigger pictures are reduced first, and far bigger ones refused.
WORKING_SIZE = 1024
MAX_PICTURE_PIXELS = 50_000_000


class PictureError(Exception):
    """A picture cannot be read; the message says why and what would do."""


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


def read_picture(picture: Image.Image) -> Pixels | None:
    """Turn a picture as `open_picture` gives it, dark on light or light on dark, into the network's pixels.

    Returns:
        (28, 28) uint8, or None if the picture shows nothing that stands out from its background.
    """
    return normalize(_find_ink(picture))


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
