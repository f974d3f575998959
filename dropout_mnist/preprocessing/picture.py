"""Turn a picture of a digit, such as a photo, a scan or a drawing in a file, into the network's input."""

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from dropout_mnist.messages.message import Message
from dropout_mnist.preprocessing.drawing import Pixels, normalize

Floats = NDArray[np.float64]

# Larger files are refused: no picture that is accepted has that much.
MAX_FILE_BYTES = 500_000_000

# Pictures are reduced to this longer side before anything else.
WORKING_SIZE = 1024
# Larger pictures are refused. A JPEG may be larger because it is decoded at reduced size.
MAX_PICTURE_PIXELS = 50_000_000
MAX_JPEG_PIXELS = 200_000_000

# Smaller pictures are enlarged to this longer side: strokes of one pixel fall apart otherwise.
SMALLEST_SIZE = 140

NOTHING_THERE = Message("This picture shows nothing that stands out from its background.")

# Brands of the file type box of HEIF files, among them iPhone photos.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")

# Pillow knows these formats, and needs other programs to decode them.
_UNREADABLE_FORMATS = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
# These need an optional package.
_HEIC_SUFFIXES = {".heic", ".heif"}


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
        raise PictureError(
            Message("This is not a picture: use a PNG, JPEG, HEIC, GIF, BMP, TIFF or WebP file.")
        ) from None
    except Image.DecompressionBombError:
        raise PictureError(Message("The picture is too large. {limits}", limits=_SIZE_LIMITS)) from None
    # Depending on the format, Pillow's decoders raise any of these.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, struct.error) as error:
        raise PictureError(Message("The picture is damaged and cannot be read ({error}).", error=str(error))) from None


def may_be_picture(path: Path) -> bool:
    """Whether a file's name is that of a picture. Without a suffix, its first bytes decide."""
    if suffix := path.suffix.lower():
        return (
            suffix in _HEIC_SUFFIXES
            or Image.registered_extensions().get(suffix) in set(Image.OPEN) - _UNREADABLE_FORMATS
        )
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path):
            return True
    except UnidentifiedImageError:
        return False
    except (Image.DecompressionBombError, OSError, ValueError):
        return True  # reading it will say what is wrong


@dataclass(frozen=True)
class FoundDigit:
    """A digit in a picture.

    Attributes:
        box: around it, (left, top, right, bottom) as shares of the upright picture's width and height.
        pixels: the network's input, (28, 28) uint8.
    """

    box: tuple[float, float, float, float]
    pixels: Pixels


def read_digits(picture: Image.Image) -> list[FoundDigit]:
    """Find the digits in a picture, dark on light or light on dark, line by line and from left to right.

    Uneven light, grainy paper and faint ink are allowed. Lines of the paper, frames and specks are left out.

    Args:
        picture: an image of any size and mode.

    Raises:
        PictureError: nothing stands out from the background.
    """
    if 0 in picture.size:
        raise PictureError(NOTHING_THERE)
    # Lazy: imports scikit-image and SciPy, which a drawing does not need.
    from scipy.ndimage import binary_dilation

    from dropout_mnist.preprocessing.paper import find_ink
    from dropout_mnist.preprocessing.segmentation import INKED, find_digits

    gray = _to_gray(_to_rgba(picture))
    ink = find_ink(gray)
    height, width = gray.shape
    found = []
    for box, mask in find_digits(ink >= INKED):
        # With the faint edges of the strokes.
        digit = ink * binary_dilation(mask, iterations=2)
        pixels = normalize((digit * 255).astype(np.uint8))
        if pixels is not None:
            shares = (box.left / width, box.top / height, box.right / width, box.bottom / height)
            found.append(FoundDigit(shares, pixels))
    if not found:
        raise PictureError(NOTHING_THERE)
    return found


def read_picture(picture: Image.Image) -> Pixels:
    """Turn a picture of one digit, dark on light or light on dark, into the network's pixels.

    Args:
        picture: an image of any size and mode.

    Returns:
        (28, 28) uint8.

    Raises:
        PictureError: nothing stands out from the background, or several parts that look like digits do.
    """
    found = read_digits(picture)
    if len(found) > 1:
        raise PictureError(
            Message(
                "There seem to be {count} digits in this picture, not one: crop it to one digit, or find them all with "
                "read_digits().",
                count=len(found),
            )
        )
    return found[0].pixels


# Pillow opens many more, some of them with other programs: EPS starts Ghostscript.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "MPO", "PPM", "ICO", "TGA")

_SIZE_LIMITS = Message(
    "It may have {limit:.0f} million pixels, or {jpeg_limit:.0f} million in a JPEG that is not progressive: scale it "
    "down first.",
    limit=MAX_PICTURE_PIXELS / 1e6,
    jpeg_limit=MAX_JPEG_PIXELS / 1e6,
)


def _check_size(decoded: tuple[int, int], size: tuple[int, int], limit: int) -> None:
    if decoded[0] * decoded[1] > limit:
        raise PictureError(
            Message(
                "The picture is too large: {width:,} x {height:,} pixels. {limits}",
                width=size[0],
                height=size[1],
                limits=_SIZE_LIMITS,
            )
        )


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
                Message(
                    'Reading HEIC photos needs another package: pip install "dropout-mnist[heic]". Or save the photo '
                    "as a JPEG."
                )
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
    """Return the shades of gray of a picture that is neither large nor very small, (H, W) from 0 to 255."""
    if (longer := max(rgba.size)) < SMALLEST_SIZE:
        factor = SMALLEST_SIZE / longer
        rgba = rgba.resize([max(1, round(side * factor)) for side in rgba.size], Image.Resampling.BICUBIC)
    gray = np.asarray(rgba.convert("L"), dtype=np.float64)
    alpha = np.asarray(rgba.getchannel("A"), dtype=np.float64) / 255
    # Transparent pixels become the opposite of the ink, like the page that a viewer shows the picture on.
    ink_level = float(np.average(gray, weights=alpha)) if alpha.any() else 0.0
    return gray * alpha + (255.0 if ink_level < 128 else 0.0) * (1 - alpha)
