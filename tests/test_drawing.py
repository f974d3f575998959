import numpy as np
import pytest
from PIL import Image, ImageDraw

from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.preprocessing import drawing
from dropout_mnist.preprocessing.drawing import Pixels, normalize, read_canvas, read_strokes
from dropout_mnist.preprocessing.fabricjs import make_path, read_path


def canvas(*lines: tuple[float, ...], width: int = 20, size: int = 280) -> Pixels:
    image = Image.new("RGBA", (size, size), (0, 0, 0, 255))
    for line in lines:
        ImageDraw.Draw(image).line(line, fill="white", width=width)
    return np.asarray(image)


SEVEN = ((70, 60, 210, 60), (210, 60, 130, 240))


def assert_alike(one: Pixels | None, other: Pixels | None, most: float = 6.0) -> None:
    """Assert that two inputs show the same digit: the mean difference of their pixels, 0 to 255, is small."""
    assert one is not None
    assert other is not None
    assert np.abs(one.astype(float) - other).mean() <= most


def test_empty_canvas_gives_none() -> None:
    assert read_canvas(canvas()) is None
    assert read_canvas(np.zeros((280, 280, 4), np.uint8)) is None


def test_half_transparent_ink_is_half_as_bright() -> None:
    opaque = canvas(*SEVEN)
    faint = opaque.copy()
    faint[..., 3] = 128
    bright, dim = read_canvas(opaque), read_canvas(faint)
    assert bright is not None
    assert dim is not None
    assert np.median(dim[bright == 255]) == pytest.approx(128, abs=10)  # resampling overshoots


def test_digit_fills_20_pixels_and_is_centered_by_mass() -> None:
    pixels = read_canvas(canvas(*SEVEN))
    assert pixels is not None
    assert (pixels.shape, pixels.dtype) == ((28, 28), np.uint8)
    rows, columns = np.nonzero(pixels >= drawing.MIN_CONTRAST)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    mass = pixels.sum(dtype=float)
    center = pixels.sum(axis=0, dtype=float) @ np.arange(28) / mass
    assert abs(center - 14) <= 0.5


@pytest.mark.parametrize("shift", [(-60, -50), (0, 30), (60, -50)])
def test_input_does_not_depend_on_position(shift: tuple[int, int]) -> None:
    moved = np.roll(canvas(*SEVEN), shift, axis=(1, 0))
    assert np.array_equal(read_canvas(moved), read_canvas(canvas(*SEVEN)))


def test_canvas_input_does_not_depend_on_scale() -> None:
    small = canvas(*(tuple(value / 2 for value in line) for line in SEVEN), width=10)
    assert_alike(read_canvas(small), read_canvas(canvas(*SEVEN)))


def test_dot_and_line_are_centered_without_error() -> None:
    for line in ((140, 140, 141, 141), (5, 140, 275, 140), (0, 0, 0, 279)):
        pixels = read_canvas(canvas(line, width=8))
        assert pixels is not None
        assert pixels.max() > 100


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("turned", [False, True])
def test_digit_with_its_mass_at_one_end_stays_whole(axis: int, turned: bool) -> None:
    # With its center of mass in the middle, the thin end would be outside.
    ink = np.zeros((200, 200), np.uint8)
    ink[:, :40], ink[97:103] = 255, 255
    ink = ink[:, ::-1] if turned else ink
    placed = normalize(ink if axis else ink.T)
    assert placed is not None
    along = np.flatnonzero(placed.max(axis=1 - axis) >= drawing.MIN_CONTRAST)
    assert along.tolist() == (list(range(20)) if turned else list(range(8, 28)))


def strokes(*lines: tuple[float, ...], width: float = 20, scale: float = 1, points: int = 40) -> Pixels | None:
    """Preprocess lines drawn with this many points each."""
    paths = []
    for line in lines:
        corners = np.array(line, dtype=float).reshape(-1, 2) * scale
        positions = np.linspace(0, len(corners) - 1, points)
        steps = np.arange(len(corners))
        paths.append(make_path(np.stack([np.interp(positions, steps, axis) for axis in corners.T], axis=1), width))
    return read_strokes([read_path(path) for path in paths])


def test_no_strokes_give_none() -> None:
    assert read_strokes([]) is None


def test_strokes_give_nearly_the_same_input_as_the_canvas_image() -> None:
    assert_alike(strokes(*SEVEN, width=26), read_canvas(canvas(*SEVEN, width=26)))


@pytest.mark.parametrize("width", [8, 20, 40])
@pytest.mark.parametrize("scale", [0.35, 1])
def test_input_does_not_depend_on_pen_width_and_scale_of_strokes(width: float, scale: float) -> None:
    assert_alike(strokes(*SEVEN, width=width, scale=scale), strokes(*SEVEN), most=1)


@pytest.mark.parametrize("points", [2, 7, 300])
def test_input_does_not_depend_on_the_number_of_points(points: int) -> None:
    assert_alike(strokes(*SEVEN, points=points), strokes(*SEVEN), most=2)


@pytest.mark.parametrize("line", [SEVEN, ((60, 60, 210, 75, 120, 240, 70, 130),)], ids=["seven", "slanted"])
def test_input_of_transposed_strokes_is_transposed(line: tuple[tuple[float, ...], ...]) -> None:
    transposed = [tuple(np.array(points).reshape(-1, 2)[:, ::-1].flatten().tolist()) for points in line]
    one, other = strokes(*line), strokes(*transposed)
    assert one is not None
    assert other is not None
    assert np.abs(one.astype(int) - other.T).max() <= 1


def test_trembling_dot_is_a_dot() -> None:
    trembled = strokes((100, 100, 103, 104, 101, 102), width=20)
    still = strokes((100, 100, 100, 100), width=20)
    assert trembled is not None
    assert_alike(trembled, still, most=0)


def test_preprocessing_mnist_images_changes_little(mnist_folder: object) -> None:
    images = load_dataset("mnist").test.pixels[:1000].reshape(-1, 28, 28).numpy()
    differences = []
    for image in images:
        pixels = normalize(image)
        assert pixels is not None
        differences.append(np.abs(pixels.astype(float) - image).mean())
    # Some images change: faint outer pixels are cropped, and the rest is enlarged.
    assert np.median(differences) == 0
    assert np.mean(differences) < 0.5


def test_preprocessing_bundled_digits_changes_little(digits: Dataset) -> None:
    image = digits.test.pixels[0].reshape(28, 28).numpy()
    assert_alike(normalize(image), image)
