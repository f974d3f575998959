import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from dropout_mnist.preprocessing.drawing import Pixels, read_canvas
from dropout_mnist.preprocessing.picture import PictureError, may_be_picture, open_picture, read_digits, read_picture

from .conftest import skip_or_fail
from .test_drawing import SEVEN, assert_alike, canvas

ROOT = Path(__file__).parents[1]
TIMEOUT = 120


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
        "gray",
        "16 bit",
        "large",
        "cmyk",
        "gif",
        "tiff",
    ],
)
def test_input_does_not_depend_on_file_format_and_colors(data: bytes) -> None:
    assert_alike(read_file(data), read_canvas(canvas(*SEVEN)))


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_background_is_background(ink: int) -> None:
    image = Image.new("RGBA", (280, 280), (ink, ink, ink, 0))
    for line in SEVEN:
        ImageDraw.Draw(image).line(line, fill=(ink, ink, ink, 255), width=20)
    assert_alike(read_file(encode(image)), read_canvas(canvas(*SEVEN)))


def test_photo_is_turned_upright_according_to_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown rotated by 90 degrees clockwise
    turned = seven_on_paper().transpose(Image.Transpose.ROTATE_90)
    assert_alike(read_file(encode(turned, "JPEG", exif=exif)), read_canvas(canvas(*SEVEN)))


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_empty_picture_is_refused(shade: int) -> None:
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_file(encode(Image.new("L", (100, 100), shade)))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.PNG", b"rubbish", True),
        ("a.heic", b"rubbish", True),
        ("a.HEIF", b"rubbish", True),
        ("a.eps", b"rubbish", False),
        ("Thumbs.db", b"rubbish", False),
        ("notes.txt", encode(seven_on_paper()), False),
        ("scan", encode(seven_on_paper()), True),
        ("README", b"rubbish", False),
        ("empty", b"", False),
    ],
)
def test_file_in_a_folder_is_read_by_its_suffix_or_else_by_its_content(
    tmp_path: Path, name: str, content: bytes, expected: bool
) -> None:
    (tmp_path / name).write_bytes(content)
    assert may_be_picture(tmp_path / name) is expected


def test_specks_are_refused() -> None:
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
    ],
    ids=["empty", "text", "svg", "truncated"],
)
def test_file_that_cannot_be_read_is_refused_with_a_reason(data: bytes, expected_error: str) -> None:
    with pytest.raises(PictureError, match=expected_error):
        read_file(data)


MODES = ("1", "L", "P", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV", "LA", "La", "PA", "I", "F")
DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N")


def in_mode(mode: str) -> Image.Image:
    """Return the picture of a seven in any mode that Pillow has."""
    gray = seven_on_paper(ink=0, paper=255)
    if mode in DEEP_MODES:
        byte_order = ">" if mode == "I;16B" else "<"
        return Image.frombytes(mode, gray.size, (np.asarray(gray).astype(f"{byte_order}u2") * 200).tobytes())
    through = {"LAB": "RGB", "HSV": "RGB", "RGBa": "RGBA", "La": "LA", "PA": "P"}.get(mode, "L")
    if mode == "LAB":
        return ImageCms.applyTransform(gray.convert("RGB"), ImageCms.buildTransform(*LAB_PROFILES, "RGB", "LAB"))
    return gray.convert(through).convert(mode)


LAB_PROFILES = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))


@pytest.mark.parametrize("mode", [*MODES, *DEEP_MODES])
def test_picture_of_any_mode_gives_the_same_input(mode: str) -> None:
    picture = in_mode(mode)
    assert picture.mode == mode
    assert_alike(read_picture(picture), read_canvas(canvas(*SEVEN)))
    assert picture.mode == mode


@pytest.mark.parametrize("mode", ["RGB", "1", "F"])
def test_large_image_is_reduced(mode: str) -> None:
    picture = seven_on_paper().resize((3000, 3000)).convert(mode)
    assert_alike(read_picture(picture), read_canvas(canvas(*SEVEN)))
    assert picture.size == (3000, 3000)


def test_image_is_turned_upright_according_to_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown rotated by 90 degrees clockwise
    data = encode(seven_on_paper().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)
    assert np.array_equal(read_picture(Image.open(io.BytesIO(data))), read_file(data))


def test_image_without_pixels_is_refused() -> None:
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_picture(Image.new("RGB", (0, 5)))


@pytest.fixture
def heic_writer() -> None:
    """Let Pillow write HEIC photos with pillow-heif, which is optional."""
    try:
        import pillow_heif
    except ImportError:
        skip_or_fail("pillow-heif is not installed")
    pillow_heif.register_heif_opener()


def test_heic_photo_is_read(heic_writer: None) -> None:
    assert_alike(read_file(encode(seven_on_paper("RGB"), "HEIF")), read_canvas(canvas(*SEVEN)))


def test_heic_photo_is_turned_upright_once(heic_writer: None) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(seven_on_paper("RGB").transpose(Image.Transpose.ROTATE_90), "HEIF", exif=exif.tobytes())
    assert_alike(read_file(data), read_canvas(canvas(*SEVEN)))


def test_damaged_heic_photo_is_refused(heic_writer: None) -> None:
    data = encode(seven_on_paper("RGB"), "HEIF")
    for damaged in (data[:40], data[: len(data) // 2]):
        with pytest.raises(PictureError, match="damaged"):
            read_file(damaged)


def test_without_pillow_heif_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PictureError, match=r'pip install "dropout-mnist\[heic\]"'):
        open_picture(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


def jpeg_header(data: bytes, width: int, height: int) -> bytes:
    """Return a JPEG that claims another size."""
    start = next(index for index in range(len(data)) if data[index : index + 2] in (b"\xff\xc0", b"\xff\xc2"))
    return data[: start + 5] + struct.pack(">HH", height, width) + data[start + 9 :]


SMALL_JPEG = encode(seven_on_paper(), "JPEG")
PROGRESSIVE_JPEG = encode(seven_on_paper(), "JPEG", progressive=True)
LIMITS = "50 million pixels, or 200 million in a JPEG that is not progressive"


@pytest.mark.parametrize(
    ("data", "expected_error"),
    [
        (encode(Image.new("1", (9_000, 9_000))), f"too large: 9,000 x 9,000 pixels. It may have {LIMITS}"),
        (encode(Image.new("1", (12_000, 9_000))), "too large: 12,000 x 9,000 pixels"),
        (encode(Image.new("1", (20_000, 20_000))), f"too large. It may have {LIMITS}"),
        (jpeg_header(SMALL_JPEG, 20_000, 10_001), "too large: 20,000 x 10,001 pixels"),
        (jpeg_header(SMALL_JPEG, 65_000, 1_500), "too large: 65,000 x 1,500 pixels"),
        (jpeg_header(PROGRESSIVE_JPEG, 12_000, 9_000), "too large: 12,000 x 9,000 pixels"),
    ],
    ids=["81 MP PNG", "108 MP PNG", "400 MP PNG", "200 MP JPEG", "wide JPEG", "progressive JPEG"],
)
def test_large_picture_is_refused_without_a_warning(data: bytes, expected_error: str) -> None:
    with pytest.raises(PictureError, match=expected_error):
        open_picture(data)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory from /proc")
def test_jpeg_of_108_megapixels_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    seven_on_paper().resize((12_000, 9_000), Image.Resampling.NEAREST).save(path, "JPEG")
    code = """
import sys
from pathlib import Path
from dropout_mnist.preprocessing.picture import open_picture

def peak_kilobytes():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

data = Path(sys.argv[1]).read_bytes()
before = peak_kilobytes()
print(*open_picture(data).size, peak_kilobytes() - before)
"""
    command = [sys.executable, "-c", code, str(path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert ended.stderr == ""
    width, height, growth = map(int, ended.stdout.split())
    assert (width, height) == (1024, 768)
    assert growth < 40_000  # decoded in full, it would be 108 MB


def shaded(ink: np.ndarray, darkest: float) -> np.ndarray:
    """Return gray levels of paper with ink on it, lit from the left."""
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
    ids=["uneven light", "gray and grainy", "pencil", "chalk", "ruled paper"],
)
def test_photo_gives_nearly_the_same_input_as_a_drawing(shades: np.ndarray) -> None:
    photo = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
    assert_alike(read_file(encode(photo, "JPEG", quality=60)), read_canvas(canvas(*SEVEN)), most=9)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_several_digits_are_counted_and_refused(count: int) -> None:
    strokes = [(80 * number + 50, 60, 80 * number + 45, 200) for number in range(count)]
    with pytest.raises(PictureError, match=f"{count} digits"):
        read_file(encode(Image.fromarray((240 - 200 * ink_of(*strokes)).astype(np.uint8))))


def test_two_digits_one_above_the_other_are_refused() -> None:
    ink = ink_of((150, 20, 140, 120), (150, 180, 140, 280))
    with pytest.raises(PictureError, match="2 digits"):
        read_file(encode(Image.fromarray((240 - 200 * ink).astype(np.uint8))))


def test_five_with_a_detached_bar_is_one_digit() -> None:
    bar, bowl = (150, 60, 230, 60), ((150, 100, 220, 130), (220, 130, 210, 200), (210, 200, 140, 210))
    read_file(encode(Image.fromarray((240 - 200 * ink_of(bar, *bowl)).astype(np.uint8))))


def shades_of(ink: np.ndarray) -> np.ndarray:
    return np.asarray(240 - 200 * ink)


def as_picture(shades: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("margin", [0, 4])
@pytest.mark.parametrize("negative", [False, True], ids=["dark on light", "light on dark"])
def test_picture_cropped_to_the_digit_is_read(margin: int, negative: bool) -> None:
    ink = ink_of(*SEVEN)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cropped = ink[rows[0] - margin : rows[-1] + 1 + margin, columns[0] - margin : columns[-1] + 1 + margin]
    picture = as_picture(255 - shades_of(cropped) if negative else shades_of(cropped))
    assert_alike(read_picture(picture), read_canvas(canvas(*SEVEN)))


@pytest.mark.parametrize("level", [0, 40, 120, 255])
@pytest.mark.parametrize("width", [3, 25])
@pytest.mark.parametrize("negative", [False, True], ids=["dark on light", "light on dark"])
def test_frame_in_another_shade_is_left_out(level: int, width: int, negative: bool) -> None:
    shades = shades_of(ink_of(*SEVEN))
    picture = as_picture(np.pad(255 - shades if negative else shades, width, constant_values=level))
    assert_alike(read_picture(picture), read_canvas(canvas(*SEVEN)))


@pytest.mark.parametrize("level", [30, 100, 255])
@pytest.mark.parametrize("sides", [((60, 0), (0, 0)), ((0, 0), (90, 0)), ((50, 0), (0, 70)), ((70, 60), (90, 80))])
def test_paper_on_a_table_is_read(level: int, sides: tuple[tuple[int, int], tuple[int, int]]) -> None:
    paper = np.pad(shades_of(ink_of(*SEVEN)), sides, constant_values=level)
    grain = np.random.default_rng(1).normal(0, 3, paper.shape)
    assert_alike(read_picture(as_picture(paper + grain)), read_canvas(canvas(*SEVEN)), most=9)


def test_squared_paper_is_left_out() -> None:
    lines = np.zeros((300, 400))
    lines[10::25], lines[:, 10::25] = 0.35, 0.35
    picture = as_picture(shades_of(np.maximum(ink_of(*SEVEN), lines)))
    assert_alike(read_picture(picture), read_canvas(canvas(*SEVEN)), most=9)
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_picture(as_picture(shades_of(lines)))


def test_thin_strokes_in_28_pixels_are_one_digit() -> None:
    ink = Image.new("L", (28, 28))
    for line in ((8, 5, 7, 14), (7, 14, 18, 13), (19, 4, 17, 24)):
        ImageDraw.Draw(ink).line(line, fill=230, width=1)
    assert len(read_digits(ink)) == 1


def test_digits_are_read_line_by_line_and_from_left_to_right() -> None:
    strokes = [(x, y, x - 5, y + 90) for y in (30, 170) for x in (300, 60, 180)]
    found = read_digits(as_picture(shades_of(ink_of(*strokes))))
    corners = [(round(digit.box[0] * 400), round(digit.box[1] * 300)) for digit in found]
    assert [x for x, _ in corners] == pytest.approx([46, 166, 286] * 2, abs=3)
    assert [y for _, y in corners] == pytest.approx([30] * 3 + [170] * 3, abs=3)


def test_digit_that_touches_the_edge_is_read_next_to_one_that_does_not() -> None:
    found = read_digits(as_picture(shades_of(ink_of((40, 0, 30, 150), (200, 60, 195, 220)))))
    assert len(found) == 2


def test_parts_of_a_digit_stay_together() -> None:
    bar, bowl = (50, 60, 130, 60), ((50, 90, 120, 130), (120, 130, 110, 200), (110, 200, 40, 210))
    open_four = ((220, 60, 210, 130), (210, 130, 268, 128), (290, 60, 285, 210))
    assert len(read_digits(as_picture(shades_of(ink_of(bar, *bowl, *open_four))))) == 2


def test_dark_table_next_to_the_paper_is_ignored() -> None:
    shades = 240 - 200 * ink_of(*SEVEN)
    shades[:, 370:] = 60
    alone = Image.fromarray((240 - 200 * ink_of(*SEVEN)).astype(np.uint8))
    assert_alike(read_file(encode(Image.fromarray(shades.astype(np.uint8)))), read_file(encode(alone)))


def test_empty_ruled_paper_is_refused() -> None:
    shades = np.full((300, 400), 235, np.uint8)
    shades[5::40] = 160
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_file(encode(Image.fromarray(shades)))


def test_grain_alone_is_refused() -> None:
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_file(encode(Image.fromarray(np.clip(150 + 2 * GRAIN, 0, 255).astype(np.uint8)), "JPEG"))
