import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dropout_mnist.preprocessing.drawing import Pixels, read_canvas
from dropout_mnist.preprocessing.picture import PictureError, open_picture, read_picture
from tests.test_drawing import SEVEN, assert_alike, canvas


def encode(image: Image.Image, format_name: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def read_file(data: bytes) -> Pixels:
    return read_picture(open_picture(data))


def seven_on_paper(mode: str = "L", ink: int = 20, paper: int = 235) -> Image.Image:
    image = Image.new("L", (280, 280), paper)
    for line in SEVEN:
        ImageDraw.Draw(image).line(line, fill=ink, width=20)
    return image.convert(mode)


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
def test_picture_of_nothing_is_refused(shade: int) -> None:
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_file(encode(Image.new("L", (100, 100), shade)))


def test_specks_of_dust_are_nothing() -> None:
    dusty = np.full((800, 1000), 255, np.uint8)
    dusty[[5, 400, 790], [10, 500, 990]] = 0
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_file(encode(Image.fromarray(dusty)))


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


def shaded(ink: np.ndarray, darkest: float) -> np.ndarray:
    """Return shades of paper, lit from the left, with ink on it."""
    return (230 - 170 * ink) * np.linspace(1, darkest, ink.shape[1])


def ink_of(*lines: tuple[float, ...], size: tuple[int, int] = (400, 300)) -> np.ndarray:
    image = Image.new("L", size)
    for line in lines:
        ImageDraw.Draw(image).line(line, fill=255, width=18)
    return np.asarray(image) / 255


GRAIN = np.random.default_rng(0).normal(0, 6, (300, 400))


@pytest.mark.parametrize(
    "shades",
    [
        shaded(ink_of(*SEVEN), 0.3) + GRAIN / 2,
        140 - 90 * ink_of(*SEVEN) + 2 * GRAIN,
        215 - 45 * ink_of(*SEVEN) + GRAIN / 2,
        60 + 120 * ink_of(*SEVEN) * (1 + GRAIN / 30) + GRAIN,
        235 - 60 * (np.arange(300) % 40 == 5)[:, None] - 150 * ink_of(*SEVEN),
    ],
    ids=["uneven light", "grey and grainy", "pencil", "chalk", "ruled paper"],
)
def test_photo_gives_nearly_the_same_input_as_a_drawing(shades: np.ndarray) -> None:
    photo = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
    assert_alike(read_file(encode(photo, "JPEG", quality=60)), read_canvas(canvas(*SEVEN)), most=9)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_several_digits_are_counted_rather_than_guessed(count: int) -> None:
    strokes = [(80 * number + 50, 60, 80 * number + 45, 200) for number in range(count)]
    with pytest.raises(PictureError, match=f"{count} digits"):
        read_file(encode(Image.fromarray((240 - 200 * ink_of(*strokes)).astype(np.uint8))))


def test_two_digits_below_each_other_are_two() -> None:
    ink = ink_of((150, 20, 140, 120), (150, 180, 140, 280))
    with pytest.raises(PictureError, match="2 digits"):
        read_file(encode(Image.fromarray((240 - 200 * ink).astype(np.uint8))))


def test_five_whose_bar_stands_apart_is_one_digit() -> None:
    bar, bowl = (150, 60, 230, 60), ((150, 100, 220, 130), (220, 130, 210, 200), (210, 200, 140, 210))
    read_file(encode(Image.fromarray((240 - 200 * ink_of(bar, *bowl)).astype(np.uint8))))


def test_dark_table_beside_the_paper_is_left_out() -> None:
    shades = 240 - 200 * ink_of(*SEVEN)
    shades[:, 370:] = 60
    alone = Image.fromarray((240 - 200 * ink_of(*SEVEN)).astype(np.uint8))
    assert_alike(read_file(encode(Image.fromarray(shades.astype(np.uint8)))), read_file(encode(alone)))


def test_empty_ruled_paper_is_nothing() -> None:
    shades = np.full((300, 400), 235, np.uint8)
    shades[5::40] = 160
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_file(encode(Image.fromarray(shades)))


def test_grain_alone_is_nothing() -> None:
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_file(encode(Image.fromarray(np.clip(150 + 2 * GRAIN, 0, 255).astype(np.uint8)), "JPEG"))
