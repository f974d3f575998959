import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dropout_mnist import drawing
from dropout_mnist.data import Dataset, load_dataset
from dropout_mnist.drawing import PictureError, Pixels, normalize, open_picture, read_canvas, read_picture


def canvas(*lines: tuple[float, ...], width: int = 20, size: int = 280) -> Pixels:
    image = Image.new("RGBA", (size, size), (0, 0, 0, 255))
    for line in lines:
        ImageDraw.Draw(image).line(line, fill="white", width=width)
    return np.asarray(image)


SEVEN = ((70, 60, 210, 60), (210, 60, 130, 240))


def encode(image: Image.Image, format_name: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def read_file(data: bytes) -> Pixels | None:
    return read_picture(open_picture(data))


def seven_on_paper(mode: str = "L", ink: int = 20, paper: int = 235) -> Image.Image:
    image = Image.new("L", (280, 280), paper)
    for line in SEVEN:
        ImageDraw.Draw(image).line(line, fill=ink, width=20)
    return image.convert(mode)


def assert_alike(one: Pixels | None, other: Pixels | None, most: float = 6.0) -> None:
    """Two inputs are the same digit: their pixels (0 to 255) differ little on average."""
    assert one is not None
    assert other is not None
    assert np.abs(one.astype(float) - other).mean() <= most


def test_empty_canvas_is_none() -> None:
    assert read_canvas(canvas()) is None
    assert read_canvas(np.zeros((280, 280, 4), np.uint8)) is None


def test_digit_fills_20_pixels_and_is_centred_by_mass() -> None:
    pixels = read_canvas(canvas(*SEVEN))
    assert pixels is not None
    assert (pixels.shape, pixels.dtype) == ((28, 28), np.uint8)
    rows, columns = np.nonzero(pixels >= drawing.MIN_CONTRAST)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    mass = pixels.sum(dtype=float)
    centre = pixels.sum(axis=0, dtype=float) @ np.arange(28) / mass
    assert abs(centre - 14) <= 0.5


@pytest.mark.parametrize("shift", [(-60, -50), (0, 30), (60, -50)])
def test_place_on_the_canvas_does_not_matter(shift: tuple[int, int]) -> None:
    moved = np.roll(canvas(*SEVEN), shift, axis=(1, 0))
    assert np.array_equal(read_canvas(moved), read_canvas(canvas(*SEVEN)))


def test_size_does_not_matter_when_the_pen_grows_too() -> None:
    small = canvas(*(tuple(value / 2 for value in line) for line in SEVEN), width=10)
    assert_alike(read_canvas(small), read_canvas(canvas(*SEVEN)))


def test_dot_and_line_are_centred_without_error() -> None:
    for line in ((140, 140, 141, 141), (5, 140, 275, 140), (0, 0, 0, 279)):
        pixels = read_canvas(canvas(line, width=8))
        assert pixels is not None
        assert pixels.max() > 100


def test_mnists_own_digits_come_out_as_they_went_in(mnist_folder: object) -> None:
    images = load_dataset("mnist").test.pixels[:1000].reshape(-1, 28, 28).numpy()
    differences = []
    for image in images:
        pixels = normalize(image)
        assert pixels is not None
        differences.append(np.abs(pixels.astype(float) - image).mean())
    # Not all stay as they are: where the outermost pixels are faint they are cropped, and the rest grows.
    assert np.median(differences) == 0
    assert np.mean(differences) < 0.5


@pytest.mark.parametrize(
    "data",
    [
        encode(seven_on_paper()),
        encode(seven_on_paper(ink=235, paper=20)),
        encode(seven_on_paper("RGB"), "JPEG", quality=80),
        encode(seven_on_paper("P")),
        encode(seven_on_paper("1", ink=0, paper=255)),
        encode(seven_on_paper(ink=90, paper=180)),
        encode(Image.fromarray(np.asarray(seven_on_paper(), np.uint16) * 200)),
        encode(seven_on_paper().resize((3000, 3000)), "JPEG"),
        encode(seven_on_paper("CMYK"), "JPEG"),
        encode(seven_on_paper(), "GIF"),
        encode(seven_on_paper(), "TIFF"),
    ],
    ids=[
        "dark on light",
        "light on dark",
        "jpeg",
        "palette",
        "1 bit",
        "grey",
        "16 bit",
        "large",
        "cmyk",
        "gif",
        "tiff",
    ],
)
def test_same_digit_in_any_picture_gives_the_same_input(data: bytes) -> None:
    assert_alike(read_file(data), read_canvas(canvas(*SEVEN)))


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_background_is_background(ink: int) -> None:
    image = Image.new("RGBA", (280, 280), (ink, ink, ink, 0))
    for line in SEVEN:
        ImageDraw.Draw(image).line(line, fill=(ink, ink, ink, 255), width=20)
    assert_alike(read_file(encode(image)), read_canvas(canvas(*SEVEN)))


def test_photo_is_turned_upright_by_its_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown rotated by 90 degrees clockwise
    turned = seven_on_paper().transpose(Image.Transpose.ROTATE_90)
    assert_alike(read_file(encode(turned, "JPEG", exif=exif)), read_canvas(canvas(*SEVEN)))


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_picture_of_nothing_is_none(shade: int) -> None:
    assert read_file(encode(Image.new("L", (100, 100), shade))) is None


def test_specks_of_dust_are_nothing() -> None:
    dusty = np.full((800, 1000), 255, np.uint8)
    dusty[[5, 400, 790], [10, 500, 990]] = 0
    assert read_file(encode(Image.fromarray(dusty))) is None


@pytest.mark.parametrize(
    ("data", "expected_error"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (encode(seven_on_paper())[:200], "damaged"),
        (encode(Image.new("1", (9000, 9000))), "too large: 9,000 x 9,000"),
    ],
    ids=["empty", "text", "svg", "truncated", "huge"],
)
def test_what_is_no_picture_is_refused_with_a_reason(data: bytes, expected_error: str) -> None:
    with pytest.raises(PictureError, match=expected_error):
        read_file(data)


def test_bundled_digits_come_out_as_they_went_in(digits: Dataset) -> None:
    image = digits.test.pixels[0].reshape(28, 28).numpy()
    assert_alike(normalize(image), image)
