"""Measure how well digits are recognized in photos, scans and exports: `python -m benchmarks.pictures STROKES`.

The pictures are rendered from pen strokes: on paper or on a board, framed or cropped, in different light, noise, sizes
and file formats. Pictures of several digits should be read from left to right, and empty ones refused.
"""

import io
import json
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter

from benchmarks.arguments import parse_arguments
from benchmarks.machine import describe_machine
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.pen_strokes import PenDigit, load_pen_digits
from dropout_mnist.evaluation import predict_batch
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.picture import PictureError, open_picture, read_digits
from dropout_mnist.shapes import INPUT_SIZE

SIZE = (480, 640)
LARGE_SIZE = (3000, 4000)
DIGITS = 300
NUMBERS = 100
# Between digits that are written closely, as a share of their height.
CLOSE_GAP = (0.08, 0.2)

Floats = NDArray[np.float64]
Random = np.random.Generator


def write(
    digit: PenDigit,
    random: Random,
    size: tuple[int, int] = SIZE,
    share: float = 0.5,
    pen: tuple[float, float] = (0.06, 0.14),
) -> Floats:
    """Return the ink of a digit near the center, (H, W) in [0, 1]; the width of the pen is a share of the digit's."""
    side = random.uniform(0.7, 1) * share * min(size)
    extent = np.concatenate(digit.strokes).max(axis=0) * side
    corner = np.array(size[::-1]) / 2 - extent / 2 + random.uniform(-0.1, 0.1, 2) * side
    image = Image.new("L", size[::-1])
    _draw(image, digit, side, corner, side * random.uniform(*pen))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1)), np.float64) / 255


def write_line(image: Image.Image, digits: list[PenDigit], random: Random, height: float, top: float) -> None:
    """Draw digits of about this height closely next to each other, without touching, in the middle of an image."""
    pen = height * random.uniform(0.06, 0.12)
    heights = [height * random.uniform(0.85, 1.1) / np.ptp(np.concatenate(d.strokes)[:, 1]).clip(0.5) for d in digits]
    widths = [np.ptp(np.concatenate(d.strokes)[:, 0]) * side + pen for d, side in zip(digits, heights, strict=True)]
    gaps = [height * random.uniform(*CLOSE_GAP) for _ in digits]
    left = (image.width - sum(widths) - sum(gaps[1:])) / 2
    for digit, side, width, gap in zip(digits, heights, widths, gaps, strict=True):
        corner = np.array([left + pen / 2, top + random.uniform(-0.05, 0.05) * height])
        _draw(image, digit, side, corner - np.concatenate(digit.strokes).min(axis=0) * side, pen)
        left += width + gap


def write_number(digits: list[PenDigit], random: Random, size: tuple[int, int] = SIZE) -> Floats:
    """Return the ink of digits on one line, (H, W) in [0, 1]."""
    image = Image.new("L", size[::-1])
    height = size[1] * 0.8 / (len(digits) + 1)
    write_line(image, digits, random, height, (size[0] - height) / 2)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1)), np.float64) / 255


def write_lines(digits: list[PenDigit], random: Random, size: tuple[int, int] = SIZE) -> Floats:
    """Return the ink of digits on two lines, (H, W) in [0, 1]."""
    image, half = Image.new("L", size[::-1]), len(digits) // 2
    for line, top in ((digits[:half], 0.14), (digits[half:], 0.58)):
        write_line(image, line, random, size[0] * 0.26, size[0] * top)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1)), np.float64) / 255


def _draw(image: Image.Image, digit: PenDigit, side: float, corner: NDArray[np.float64], pen: float) -> None:
    draw = ImageDraw.Draw(image)
    for stroke in digit.strokes:
        line = [(x, y) for x, y in stroke * side + corner]
        draw.line(line, fill=255, width=max(1, round(pen)), joint="curve")
        for end in (line[0], line[-1]):
            draw.circle(end, pen / 2, fill=255)


def light(shape: tuple[int, int], random: Random, least: float) -> Floats:
    """Return the brightness of light that falls off in a random direction, (H, W) in [least, 1]."""
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    slope = x * np.cos(angle) + y * np.sin(angle)
    return least + (1 - least) * (slope - slope.min()) / np.ptp(slope)


def save(shades: Floats, format_name: str = "PNG", **options: object) -> bytes:
    """Return an image file with these shades of gray, 0 to 255."""
    buffer = io.BytesIO()
    Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8)).save(buffer, format_name, **options)
    return buffer.getvalue()


def scan(ink: Floats, random: Random) -> bytes:
    """Return black strokes on white."""
    return save(250 - 235 * ink)


def uneven_light(ink: Floats, random: Random) -> bytes:
    """Return ink on paper that is three times brighter on one side than on the other."""
    return save((225 - 170 * ink) * light(ink.shape, random, 0.33) + random.normal(0, 3, ink.shape), "JPEG")


def shadow(ink: Floats, random: Random) -> bytes:
    """Return paper with a soft-edged shadow on part of it."""
    edge = 1 / (1 + np.exp((light(ink.shape, random, 0) - random.uniform(0.3, 0.7)) * 40))
    return save((230 - 180 * ink) * (1 - 0.4 * edge) + random.normal(0, 3, ink.shape), "JPEG")


def coarse_jpeg(ink: Floats, random: Random) -> bytes:
    """Return dark gray paper with much noise and strong compression."""
    return save(140 - 90 * ink + random.normal(0, 12, ink.shape), "JPEG", quality=25)


def pencil(ink: Floats, random: Random) -> bytes:
    """Return faint, grainy strokes."""
    return save(215 - 60 * ink * random.uniform(0.6, 1, ink.shape) + random.normal(0, 3, ink.shape), "JPEG")


def chalk(ink: Floats, random: Random) -> bytes:
    """Return broken, light strokes on a dark board that was wiped unevenly."""
    board = 50 + 25 * light(ink.shape, random, 0) + random.normal(0, 4, ink.shape)
    return save(board + 150 * ink * random.uniform(0.4, 1, ink.shape), "JPEG")


def ruled_paper(ink: Floats, random: Random) -> bytes:
    """Return paper with thin gray lines."""
    lines = np.zeros(ink.shape)
    lines[:: ink.shape[0] // 12] = 1
    return save(235 - 60 * lines - 150 * np.maximum(ink - lines * 0.3, 0) + random.normal(0, 2, ink.shape), "JPEG")


def transparent(ink: Floats, random: Random) -> bytes:
    """Return colored strokes on a transparent background."""
    rgba = np.zeros((*ink.shape, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = (20, 40, 160), (ink * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG")
    return buffer.getvalue()


def turned(ink: Floats, random: Random) -> bytes:
    """Return a photo stored on its side, with the orientation in its metadata, as phones do."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(np.rot90(220 - 160 * ink) * light(ink.T.shape, random, 0.6), "JPEG", exif=exif)


def sixteen_bits(ink: Floats, random: Random) -> bytes:
    """Return a scan with 16 bits per pixel."""
    buffer = io.BytesIO()
    Image.fromarray((60_000 - 45_000 * ink).astype(np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def fine_pen(digit: PenDigit, random: Random) -> bytes:
    """Return a scan of thin strokes."""
    return scan(write(digit, random, pen=(0.015, 0.03)), random)


def marker(digit: PenDigit, random: Random) -> bytes:
    """Return a scan of very thick strokes."""
    return scan(write(digit, random, pen=(0.16, 0.22)), random)


def photo(ink: Floats, random: Random) -> Floats:
    """Return shades of paper with grain, uneven light and blur, 0 to 255."""
    grain = random.normal(0, 4, ink.shape)
    shades = (225 - random.uniform(110, 180) * ink) * light(ink.shape, random, random.uniform(0.5, 0.9)) + grain
    return gaussian_filter(shades, random.uniform(0, 0.003) * max(ink.shape))


def large_photo(digit: PenDigit, random: Random) -> bytes:
    """Return a photo of 12 megapixels with blur, grain and shadow."""
    ink = write(digit, random, LARGE_SIZE, share=random.uniform(0.2, 0.7))
    return save(photo(ink, random), "JPEG", quality=85)


def exact_crop(digit: PenDigit, random: Random) -> bytes:
    """Return a scan cropped exactly to the digit."""
    return scan(_crop(write(digit, random), 0), random)


def exact_crop_of_photo(digit: PenDigit, random: Random) -> bytes:
    """Return a photo cropped exactly to the digit."""
    ink = write(digit, random)
    return save(_crop(photo(ink, random), 0, ink), "JPEG")


def tight_crop_of_photo(digit: PenDigit, random: Random) -> bytes:
    """Return a photo cropped to the digit with a margin of 2%."""
    ink = write(digit, random)
    return save(_crop(photo(ink, random), 0.02, ink), "JPEG")


def exact_crop_of_board(digit: PenDigit, random: Random) -> bytes:
    """Return light strokes on dark, cropped exactly to the digit."""
    return save(255 - np.asarray(Image.open(io.BytesIO(exact_crop(digit, random))), np.float64))


def frame(digit: PenDigit, random: Random) -> bytes:
    """Return a scan with a border in another shade: a window's frame, a scanner's lid."""
    shades = 250 - 235 * write(digit, random, share=0.6)
    width = round(random.uniform(0.01, 0.08) * min(SIZE))
    return save(_invert_half(_pad(shades, width, random.uniform(0, 160)), random))


def table(digit: PenDigit, random: Random) -> bytes:
    """Return a photo of a sheet of paper, with a darker or lighter table on one to four sides."""
    shades = photo(write(digit, random, (360, 480), share=0.6), random)
    level = random.choice([random.uniform(20, 110), 255])
    sides = random.permutation(4)[: random.integers(1, 5)]
    widths = [round(random.uniform(0.05, 0.3) * 360) if side in sides else 0 for side in range(4)]
    top, left, bottom, right = widths
    padded = np.pad(shades, ((top, bottom), (left, right)), constant_values=level)
    return save(padded + random.normal(0, 3, padded.shape), "JPEG")


def squared_paper(digit: PenDigit, random: Random) -> bytes:
    """Return a photo of a digit on squared paper."""
    ink = write(digit, random)
    step = round(random.uniform(0.05, 0.12) * min(SIZE))
    lines = np.zeros(ink.shape)
    lines[step // 2 :: step], lines[:, step // 2 :: step] = 1, 1
    return save(photo(np.maximum(ink, lines * random.uniform(0.25, 0.4)), random), "JPEG")


def pixels_28(digit: PenDigit, random: Random) -> bytes:
    """Return an export of 28 x 28 pixels, in either polarity."""
    return save(_invert_half(250 - 235 * _shrink(write(digit, random, (448, 448), 0.75), 28), random))


def thin_pixels_28(digit: PenDigit, random: Random) -> bytes:
    """Return an export of 28 x 28 pixels with strokes about one pixel wide, in either polarity."""
    ink = _shrink(write(digit, random, (448, 448), 0.85, pen=(0.03, 0.06)), 28)
    return save(_invert_half(250 - 235 * ink, random))


def pixels_64(digit: PenDigit, random: Random) -> bytes:
    """Return a small picture of 64 x 64 pixels, compressed as a JPEG."""
    ink = _shrink(write(digit, random, (448, 448), 0.8, pen=(0.03, 0.14)), 64)
    return save(_invert_half(250 - 235 * ink, random), "JPEG", quality=60)


def _crop(shades: Floats, margin: float, ink: Floats | None = None) -> Floats:
    """Crop to the ink, with a margin that is a share of its longer side."""
    inked = (shades if ink is None else ink) > 0.3
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    extra = round(margin * max(np.ptp(rows), np.ptp(columns)))
    top, left = max(0, rows[0] - extra), max(0, columns[0] - extra)
    return shades[top : rows[-1] + 1 + extra, left : columns[-1] + 1 + extra]


def _pad(shades: Floats, width: int, level: float) -> Floats:
    return np.pad(shades, width, constant_values=level)


def _invert_half(shades: Floats, random: Random) -> Floats:
    """Return the negative of every second picture."""
    return 255 - shades if random.random() < 0.5 else shades


def _shrink(ink: Floats, side: int) -> Floats:
    small = Image.fromarray((ink * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BOX)
    return np.asarray(small, np.float64) / 255


# What becomes of ink on paper.
STYLES: tuple[Callable[[Floats, Random], bytes], ...] = (
    scan,
    uneven_light,
    shadow,
    coarse_jpeg,
    pencil,
    chalk,
    ruled_paper,
    transparent,
    turned,
    sixteen_bits,
)


# Pictures that are made of a digit in a way of their own.
SPECIAL: tuple[Callable[[PenDigit, Random], bytes], ...] = (
    fine_pen,
    marker,
    large_photo,
    exact_crop,
    exact_crop_of_photo,
    tight_crop_of_photo,
    exact_crop_of_board,
    frame,
    table,
    squared_paper,
    pixels_28,
    thin_pixels_28,
    pixels_64,
)


def make_kinds() -> dict[str, Callable[[PenDigit, Random], bytes]]:
    """Return the makers of pictures of one digit, by name."""
    styles = {
        style.__name__: lambda digit, random, style=style: style(write(digit, random), random) for style in STYLES
    }
    return styles | {special.__name__: special for special in SPECIAL}


def main() -> None:
    """Print a table, and the same as JSON."""
    options = parse_arguments(__doc__)
    random = np.random.default_rng(0)
    all_digits = load_pen_digits(options.strokes)
    digits = [all_digits[index] for index in random.choice(len(all_digits), DIGITS, replace=False)]
    model = Checkpoint.load(options.weights).model
    rows: dict[str, float] = {}
    print(f"{'pictures of one digit':<24} {'right':>6}")
    for name, make in make_kinds().items():
        rows[name] = sum(_answer(model, make(digit, random)) == [digit.label] for digit in digits) / DIGITS
        print(f"{name:<24} {rows[name]:6.1%}", flush=True)
    kinds = len(rows)
    print(f"{'mean of all kinds':<24} {sum(rows.values()) / kinds:6.1%}")
    for name, count, write_several in (
        ("two digits", 2, write_number),
        ("four digits", 4, write_number),
        ("two lines", 6, write_lines),
    ):
        right = 0
        for _ in range(NUMBERS):
            chosen = [digits[index] for index in random.choice(DIGITS, count, replace=False)]
            style = STYLES[random.integers(len(STYLES))]
            right += _answer(model, style(write_several(chosen, random), random)) == [digit.label for digit in chosen]
        rows[name] = right / NUMBERS
        print(f"{name:<24} {rows[name]:6.1%} all digits right", flush=True)
    empty = [STYLES[random.integers(len(STYLES))](np.zeros(SIZE), random) for _ in range(DIGITS)]
    rows["empty"] = sum(_answer(model, data) == [] for data in empty) / DIGITS
    print(f"{'empty':<24} {rows['empty']:6.1%} refused")
    print(json.dumps({"machine": describe_machine(), "weights": options.weights.name, "pictures": rows}))


def _answer(model: MLP, data: bytes) -> list[int]:
    """Return the digits in a picture, from left to right; none if it is refused."""
    try:
        pixels = [digit.pixels for digit in read_digits(open_picture(data))]
    except PictureError:
        return []
    images = torch.stack([torch.from_numpy(image).reshape(INPUT_SIZE) for image in pixels])
    return [answer.digit for answer in predict_batch(model, images)]


if __name__ == "__main__":
    main()
