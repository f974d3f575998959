"""A picture of a digit, a photo or a scan or a drawing in a file -> what the network sees."""

import io
import math
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from dropout_mnist.preprocessing.drawing import Pixels, normalize

Floats = NDArray[np.float64]
Box = tuple[int, int, int, int]

# The largest side that is looked at; bigger pictures are reduced first, and far bigger ones refused.
WORKING_SIZE = 1024
MAX_PICTURE_PIXELS = 50_000_000

# The blur that takes away the paper's grain, as a share of the longer side.
SMOOTHING = 1 / 500
# The paper's shade is looked for in a picture of this size, in windows wider than any stroke.
COARSE_SIZE, WINDOW = 128, 45
# Ink differs from the paper by so many shades of 256 at least, and by so many times the paper's own unevenness.
MIN_DEPTH, MIN_DEPTH_IN_GRAINS = 20, 4

# Parts smaller than this share of the largest are specks.
SPECK_SHARE = 0.02
# What touches the edge of the picture is not meant, if something else is this large in comparison.
EDGE_SHARE = 0.1
# Parts as tall as this share of the tallest are digits of their own, where a gap of this share parts them.
TALL_SHARE, GAP_SHARE = 0.5, 0.2

NOTHING_THERE = "This picture shows nothing that stands out from its background."


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
            # Lets JPEGs be decoded at a fraction of their size, and spares large copies of the rest.
            image.draft(None, (WORKING_SIZE, WORKING_SIZE))
            if image.mode in ("L", "LA", "RGB", "RGBA"):
                image.thumbnail((WORKING_SIZE, WORKING_SIZE))
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


def read_picture(picture: Image.Image) -> Pixels:
    """Turn a picture of one digit, dark on light or light on dark, into the network's pixels.

    Light may be uneven, paper grainy, ink faint; specks, and what comes in from the picture's edge, are left out.

    Args:
        picture: as `open_picture` gives it.

    Returns:
        (28, 28) uint8.

    Raises:
        PictureError: nothing stands out from the background, or several things beside or below each other do.
    """
    pixels = normalize(_find_digit(_find_ink(_to_grey(picture))))
    if pixels is None:
        raise PictureError(NOTHING_THERE)
    return pixels


def _find_ink(grey: Floats) -> Floats:
    """Return how much ink is at each pixel, (H, W) in [0, 1]; 0 where the paper is."""
    from skimage.filters import gaussian

    smooth = gaussian(grey, sigma=SMOOTHING * max(grey.shape), preserve_range=True)
    border = np.concatenate([smooth[0], smooth[-1], smooth[:, 0], smooth[:, -1]]).mean()
    # If the ink is taken for paper and the paper for ink, then what is taken for ink has the border's shade.
    dark, light = _stand_out(smooth), _stand_out(255 - smooth)
    is_dark = border - _mean(smooth, dark >= 0.5) >= _mean(smooth, light >= 0.5) - border
    return dark if is_dark else light


def _stand_out(grey: Floats) -> Floats:
    """Return how much darker each pixel is than the paper around it, in [0, 1], 1 for typical ink."""
    from scipy.ndimage import grey_closing
    from skimage.filters import threshold_otsu

    # Paper is what is left when dark things narrower than this window are filled up.
    height, width = (max(1, round(side * COARSE_SIZE / max(grey.shape))) for side in grey.shape)
    coarse = np.asarray(Image.fromarray(grey.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
    paper = Image.fromarray(grey_closing(coarse, size=WINDOW, mode="nearest"))
    depth = np.clip(np.asarray(paper.resize(grey.shape[::-1], Image.Resampling.BILINEAR)) - grey, 0, None)
    if depth.max() < MIN_DEPTH:
        return np.zeros_like(grey)
    inked = depth > threshold_otsu(depth)
    typical, grain = _mean(depth, inked), float(depth[~inked].std())
    if typical < max(MIN_DEPTH, MIN_DEPTH_IN_GRAINS * grain):
        return np.zeros_like(grey)
    # The edges of strokes fade; what is fainter than a quarter of the ink is paper.
    return np.where(depth > typical / 4, np.minimum(depth / typical, 1), 0)


def _find_digit(ink: Floats) -> Pixels:
    """Return the ink of the one digit there is, (H, W) uint8.

    Raises:
        PictureError: there is none, or there are several.
    """
    from scipy.ndimage import binary_dilation
    from skimage.measure import label, regionprops

    labels = label(ink >= 0.5)
    # What goes from edge to edge is a line of the paper, or a table's edge.
    parts = [part for part in regionprops(labels) if not _crosses(part.bbox, ink.shape)]
    if not parts:
        raise PictureError(NOTHING_THERE)
    inside = [part for part in parts if not _touches_edge(part.bbox, ink.shape)]
    if inside and max(part.area for part in inside) > EDGE_SHARE * max(part.area for part in parts):
        parts = inside
    largest = max(part.area for part in parts)
    parts = [part for part in parts if part.area >= SPECK_SHARE * largest]
    if (count := _count_digits([part.bbox for part in parts])) > 1:
        raise PictureError(
            f"There seem to be {count} digits in this picture, and one at a time is recognised: crop it to one."
        )
    wanted = np.isin(labels, [part.label for part in parts])
    return (ink * binary_dilation(wanted, iterations=2) * 255).astype(np.uint8)


def _count_digits(boxes: list[Box]) -> int:
    """Count what stands apart: groups of parts (top, left, bottom, right) that are tall, with a gap between them."""
    tallest = max(bottom - top for top, _, bottom, _ in boxes)
    tall = [box for box in boxes if box[2] - box[0] >= TALL_SHARE * tallest]
    across = _count_groups([(left, right) for _, left, _, right in tall], GAP_SHARE * tallest)
    down = _count_groups([(top, bottom) for top, _, bottom, _ in tall], GAP_SHARE * tallest)
    return max(across, down)


def _count_groups(spans: list[tuple[int, int]], least_gap: float) -> int:
    count, reached = 0, -math.inf
    for start, end in sorted(spans):
        count += start - reached > least_gap
        reached = max(reached, end)
    return count


def _touches_edge(box: Box, shape: tuple[int, ...]) -> bool:
    top, left, bottom, right = box
    return top == 0 or left == 0 or bottom == shape[0] or right == shape[1]


def _crosses(box: Box, shape: tuple[int, ...]) -> bool:
    top, left, bottom, right = box
    return (top == 0 and bottom == shape[0]) or (left == 0 and right == shape[1])


def _mean(values: Floats, where: NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else float(values.mean())


def _to_8_bits(image: Image.Image) -> Image.Image:
    if not image.mode.startswith(("I", "F")):
        return image.convert("RGBA")
    # 16 and 32 bits a pixel: stretched, since what is white is not told by the format.
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    stretched = (values - low) * (255 / (high - low)) if high > low else np.zeros_like(values)
    return Image.fromarray(stretched.astype(np.uint8))


def _to_grey(image: Image.Image) -> Floats:
    grey = np.asarray(image.convert("L"), dtype=np.float64)
    if image.mode == "L":
        return grey
    alpha = np.asarray(image.getchannel("A"), dtype=np.float64) / 255
    # Transparent pixels take the shade opposite to that of the ink, as a viewer's page would.
    ink_shade = float(np.average(grey, weights=alpha)) if alpha.any() else 0.0
    return grey * alpha + (255.0 if ink_shade < 128 else 0.0) * (1 - alpha)
