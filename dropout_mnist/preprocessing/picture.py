"""Turn a picture of a digit, such as a photo, a scan or a drawing in a file, into the network's input."""

import io
import math
import struct
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from dropout_mnist.preprocessing.drawing import Pixels, normalize

Floats = NDArray[np.float64]
Box = tuple[int, int, int, int]

# Pictures are reduced to this longer side before anything else.
WORKING_SIZE = 1024
# Larger pictures are refused. A JPEG may be larger because it is decoded at reduced size.
MAX_PICTURE_PIXELS = 50_000_000
MAX_JPEG_PIXELS = 200_000_000

# The standard deviation of the blur that removes the grain of the paper, as a share of the longer side.
SMOOTHING = 1 / 500
# The paper's brightness is estimated at this size, in windows wider than any stroke.
COARSE_SIZE, WINDOW = 128, 45
# The minimum difference between ink and paper: in gray levels of 256, and in standard deviations of the paper.
MIN_DEPTH, MIN_DEPTH_IN_GRAINS = 20, 4

# Parts smaller than this share of the largest part are specks.
SPECK_SHARE = 0.02
# Parts that touch the edge are ignored if another part has at least this share of their area.
EDGE_SHARE = 0.1
# Parts at least this share as tall as the tallest are separate digits, if a gap of this share of it is between them.
TALL_SHARE, GAP_SHARE = 0.5, 0.2

NOTHING_THERE = "This picture shows nothing that stands out from its background."

# Brands of the file type box of HEIF files, among them iPhone photos.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")


class PictureError(Exception):
    """A picture cannot be read. The message says why and what to do."""


def open_picture(data: bytes) -> Image.Image:
    """Open an image file, turn it upright, and reduce it to at most 1,024 pixels a side.

    Args:
        data: the contents of the file, in any format that Pillow reads, or HEIC if pillow-heif is installed.

    Returns:
        an image of mode RGBA, 8 bits a channel.

    Raises:
        PictureError: the file is not a picture, is damaged, or has more than 50 million pixels (200 million if it is
            a JPEG that is not progressive).
    """
    try:
        # Pictures that Pillow warns about are refused below.
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning), _open(data) as image:
            size = image.size
            _check_size(size, size, MAX_JPEG_PIXELS if _is_single_scan_jpeg(data) else MAX_PICTURE_PIXELS)
            # JPEGs are decoded at a fraction of their size.
            image.draft(None, (WORKING_SIZE, WORKING_SIZE))
            _check_size(image.size, size, MAX_PICTURE_PIXELS)
            # Reducing first saves memory. Other modes cannot be resized, or not well.
            if image.mode in ("L", "LA", "RGB", "RGBA"):
                image.thumbnail((WORKING_SIZE, WORKING_SIZE))
            return _to_rgba(image)
    except UnidentifiedImageError:
        raise PictureError("This is not a picture: use a PNG, JPEG, HEIC, GIF, BMP, TIFF or WebP file.") from None
    except Image.DecompressionBombError:
        raise PictureError(f"The picture is too large. {_SIZE_LIMITS}") from None
    # Depending on the format, Pillow's decoders raise any of these.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, struct.error) as error:
        raise PictureError(f"The picture is damaged and cannot be read ({error}).") from None


def read_picture(picture: Image.Image) -> Pixels:
    """Turn a picture of one digit, dark on light or light on dark, into the network's pixels.

    Uneven light, grainy paper and faint ink are allowed. Specks, and parts that touch the edge of the picture, are
    ignored.

    Args:
        picture: an image of any size and mode.

    Returns:
        (28, 28) uint8.

    Raises:
        PictureError: nothing stands out from the background, or several parts that look like digits do.
    """
    if 0 in picture.size:
        raise PictureError(NOTHING_THERE)
    pixels = normalize(_find_digit(_find_ink(_to_gray(_to_rgba(picture)))))
    if pixels is None:
        raise PictureError(NOTHING_THERE)
    return pixels


# Pillow opens many more, some of them with other programs: EPS starts Ghostscript.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "MPO", "PPM", "ICO", "TGA")

_SIZE_LIMITS = (
    f"It may have {MAX_PICTURE_PIXELS / 1e6:.0f} million pixels, or {MAX_JPEG_PIXELS / 1e6:.0f} million in a JPEG "
    "that is not progressive: scale it down first."
)


def _check_size(decoded: tuple[int, int], size: tuple[int, int], limit: int) -> None:
    if decoded[0] * decoded[1] > limit:
        raise PictureError(f"The picture is too large: {size[0]:,} x {size[1]:,} pixels. {_SIZE_LIMITS}")


def _open(data: bytes) -> Image.Image:
    """Open an image file without decoding it."""
    file = io.BytesIO(data)
    # Image.open refuses large JPEGs, although they can be decoded at reduced size.
    if _is_jpeg(data):
        return JpegImageFile(file)
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS and b"avif" not in data[12:64]:
        try:
            # Imported here because it is optional.
            from pillow_heif import HeifImageFile
        except ImportError:
            raise PictureError(
                'Reading HEIC photos needs another package: pip install "dropout-mnist[heic]". '
                "Or save the photo as a JPEG."
            ) from None
        return HeifImageFile(file)
    Image.init()
    return Image.open(file, formats=[name for name in _FORMATS if name in Image.OPEN])


def _is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff")


def _is_single_scan_jpeg(data: bytes) -> bool:
    """Return whether a JPEG has all its components in one scan.

    Such a file is decoded a few rows at a time. For any other, such as a progressive one, the decoder keeps all
    coefficients in memory, also when it decodes at reduced size.
    """
    if not _is_jpeg(data):
        return False
    components, start = 0, 2
    while start + 10 <= len(data) and data[start] == 0xFF:
        marker, length = data[start + 1], int.from_bytes(data[start + 2 : start + 4], "big")
        if marker in (0xC0, 0xC1):  # the frame header of a sequential JPEG
            components = data[start + 9]
        elif marker == 0xDA:  # the header of the first scan
            return data[start + 4] == components
        start += 2 + length
    return False


def _to_rgba(image: Image.Image) -> Image.Image:
    """Return an upright copy of an image of any mode, with 8 bits a channel and at most 1,024 pixels a side."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        image = _stretch(image)
    elif image.mode == "La":  # premultiplied alpha, which converts only to LA
        image = image.convert("LA")
    rgba = image.convert("RGBA")
    rgba.thumbnail((WORKING_SIZE, WORKING_SIZE))
    return rgba


def _stretch(image: Image.Image) -> Image.Image:
    """Map the values of an image with 16 or 32 bits a pixel to 0 to 255: formats do not tell which value is white."""
    values = np.nan_to_num(np.asarray(image), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    factor = 255 / (high - low) if high > low else 0
    stretched = np.empty(values.shape, np.uint8)
    # Row by row, because there may be 50 million values.
    for row, stretched_row in zip(values, stretched, strict=True):
        stretched_row[:] = (row.astype(np.float64) - low) * factor
    return Image.fromarray(stretched)


def _to_gray(rgba: Image.Image) -> Floats:
    gray = np.asarray(rgba.convert("L"), dtype=np.float64)
    alpha = np.asarray(rgba.getchannel("A"), dtype=np.float64) / 255
    # Transparent pixels become the opposite of the ink, like the page that a viewer shows the picture on.
    ink_level = float(np.average(gray, weights=alpha)) if alpha.any() else 0.0
    return gray * alpha + (255.0 if ink_level < 128 else 0.0) * (1 - alpha)


def _find_ink(gray: Floats) -> Floats:
    """Return the amount of ink at each pixel, (H, W) in [0, 1]; 0 for paper."""
    from skimage.filters import gaussian

    smooth = gaussian(gray, sigma=SMOOTHING * max(gray.shape), preserve_range=True)
    border = np.concatenate([smooth[0], smooth[-1], smooth[:, 0], smooth[:, -1]]).mean()
    # If ink and paper are mistaken for each other, then the supposed ink is as bright as the border.
    dark, light = _find_dark(smooth), _find_dark(255 - smooth)
    is_dark = border - _mean(smooth, dark >= 0.5) >= _mean(smooth, light >= 0.5) - border
    return dark if is_dark else light


def _find_dark(gray: Floats) -> Floats:
    """Return how much darker each pixel is than the paper around it, in [0, 1]; 1 for typical ink."""
    from scipy.ndimage import grey_closing
    from skimage.filters import threshold_otsu

    # Closing fills up dark parts narrower than the window, so that the paper is left.
    height, width = (max(1, round(side * COARSE_SIZE / max(gray.shape))) for side in gray.shape)
    coarse = np.asarray(Image.fromarray(gray.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
    paper = Image.fromarray(grey_closing(coarse, size=WINDOW, mode="nearest"))
    depth = np.clip(np.asarray(paper.resize(gray.shape[::-1], Image.Resampling.BILINEAR)) - gray, 0, None)
    if depth.max() < MIN_DEPTH:
        return np.zeros_like(gray)
    inked = depth > threshold_otsu(depth)
    typical, grain = _mean(depth, inked), float(depth[~inked].std())
    if typical < max(MIN_DEPTH, MIN_DEPTH_IN_GRAINS * grain):
        return np.zeros_like(gray)
    # The edges of strokes are faint. Below a quarter of typical ink, a pixel is paper.
    return np.where(depth > typical / 4, np.minimum(depth / typical, 1), 0)


def _find_digit(ink: Floats) -> Pixels:
    """Return the ink of the only digit, (H, W) uint8.

    Raises:
        PictureError: there is no digit, or more than one.
    """
    from scipy.ndimage import binary_dilation
    from skimage.measure import label, regionprops

    labels = label(ink >= 0.5)
    # A part that spans the picture is a ruled line, or the edge of a table.
    parts = [part for part in regionprops(labels) if not _spans(part.bbox, ink.shape)]
    if not parts:
        raise PictureError(NOTHING_THERE)
    inside = [part for part in parts if not _touches_edge(part.bbox, ink.shape)]
    if inside and max(part.area for part in inside) > EDGE_SHARE * max(part.area for part in parts):
        parts = inside
    largest = max(part.area for part in parts)
    parts = [part for part in parts if part.area >= SPECK_SHARE * largest]
    if (count := _count_digits([part.bbox for part in parts])) > 1:
        raise PictureError(
            f"There seem to be {count} digits in this picture. Only one digit can be recognized at a time: "
            "crop the picture to one digit."
        )
    wanted = np.isin(labels, [part.label for part in parts])
    return (ink * binary_dilation(wanted, iterations=2) * 255).astype(np.uint8)


def _count_digits(boxes: list[Box]) -> int:
    """Count groups of tall boxes (top, left, bottom, right) with gaps between them."""
    tallest = max(bottom - top for top, _, bottom, _ in boxes)
    tall = [box for box in boxes if box[2] - box[0] >= TALL_SHARE * tallest]
    across = _count_groups([(left, right) for _, left, _, right in tall], GAP_SHARE * tallest)
    down = _count_groups([(top, bottom) for top, _, bottom, _ in tall], GAP_SHARE * tallest)
    return max(across, down)


def _count_groups(spans: list[tuple[int, int]], min_gap: float) -> int:
    count, reached = 0, -math.inf
    for start, end in sorted(spans):
        count += start - reached > min_gap
        reached = max(reached, end)
    return count


def _touches_edge(box: Box, shape: tuple[int, ...]) -> bool:
    top, left, bottom, right = box
    return top == 0 or left == 0 or bottom == shape[0] or right == shape[1]


def _spans(box: Box, shape: tuple[int, ...]) -> bool:
    top, left, bottom, right = box
    return (top == 0 and bottom == shape[0]) or (left == 0 and right == shape[1])


def _mean(values: Floats, where: NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else float(values.mean())
