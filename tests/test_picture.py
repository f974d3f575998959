import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dropout_mnist.drawing import Pixels, read_canvas
from dropout_mnist.picture import PictureError, open_picture, read_picture
from tests.test_drawing import SEVEN, assert_alike, canvas


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
