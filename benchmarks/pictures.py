"""Measure how well digits are recognized in photos and scans: `python -m benchmarks.pictures STROKES`.

The pictures are rendered from pen strokes: on paper or on a board, in different light, noise and file formats. Pictures
of several digits and empty ones should be refused.
"""

import io
import json
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.arguments import parse_arguments
from benchmarks.machine import describe_machine
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.pen_strokes import PenDigit, load_pen_digits
from dropout_mnist.evaluation import predict
from dropout_mnist.preprocessing.picture import PictureError, open_picture, read_picture
from dropout_mnist.shapes import INPUT_SIZE

SIZE = (480, 640)
DIGITS = 300

Floats = NDArray[np.float64]
Random = np.random.Generator


def write(digits: list[PenDigit], random: Random, size: tuple[int, int] = SIZE, share: float = 0.5) -> Floats:
    """Return the ink of digits next to each other, (H, W) in [0, 1]."""
    height, width = size
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    side = random.uniform(0.7, 1) * share * min(size)
    pen = side * random.uniform(0.06, 0.14)
    across = width / (len(digits) + 1)
    for number, digit in enumerate(digits, start=1):
        extent = np.concatenate(digit.strokes).max(axis=0) * side
        corner = np.array([across * number, height / 2]) - extent / 2 + random.uniform(-0.1, 0.1, 2) * side
        for stroke in digit.strokes:
            line = [(x, y) for x, y in stroke * side + corner]
            draw.line(line, fill=255, width=round(pen), joint="curve")
            for end in (line[0], line[-1]):
                draw.circle(end, pen / 2, fill=255)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1)), np.float64) / 255


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


KINDS: tuple[Callable[[Floats, Random], bytes], ...] = (
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


def main() -> None:
    """Print a table, and the same as JSON."""
    options = parse_arguments(__doc__)
    random = np.random.default_rng(0)
    all_digits = load_pen_digits(options.strokes)
    digits = [all_digits[index] for index in random.choice(len(all_digits), DIGITS, replace=False)]
    model = Checkpoint.load(options.weights).model

    def read(data: bytes) -> torch.Tensor | None:
        try:
            return torch.from_numpy(read_picture(open_picture(data))).reshape(INPUT_SIZE)
        except PictureError:
            return None

    rows = {}
    print(f"{'picture':<22} {'read':>6} {'right':>6}")
    for kind in KINDS:
        pixels = [read(kind(write([digit], random), random)) for digit in digits]
        answered = [(image, digit) for image, digit in zip(pixels, digits, strict=True) if image is not None]
        answers = predict(model, torch.stack([image for image, _ in answered])) if answered else []
        right = sum(answer.digit == digit.label for answer, (_, digit) in zip(answers, answered, strict=True))
        rows[kind.__name__] = {"read": len(answered) / DIGITS, "right": right / DIGITS}
        print(f"{kind.__name__:<22} {len(answered) / DIGITS:6.1%} {right / DIGITS:6.1%}", flush=True)
    for name, count in (("two digits", 2), ("three digits", 3), ("empty", 0)):
        refused = 0
        for _ in range(DIGITS):
            chosen = [digits[index] for index in random.choice(DIGITS, count, replace=False)]
            kind = KINDS[random.integers(len(KINDS))]
            refused += read(kind(write(chosen, random, share=0.8 / (count + 1)), random)) is None
        rows[name] = {"refused": refused / DIGITS}
        print(f"{name:<22} refused {refused / DIGITS:6.1%}", flush=True)
    print(json.dumps({"machine": describe_machine(), "weights": options.weights.name, "pictures": rows}))


if __name__ == "__main__":
    main()
