"""Uploaded pictures and test images as the input."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from dropout_mnist.checkpoints.folder import load
from dropout_mnist.data import mnist_files
from dropout_mnist.data.datasets import Dataset

from .page import OpenPage, checked, live_answer, mailbox, texts

pytestmark = pytest.mark.slow

Line = tuple[int, int, int, int]


def paper_with_lines(*lines: Line) -> bytes:
    """Return a PNG file of dark lines on light paper."""
    image = Image.new("L", (300, 200), 240)
    for line in lines:
        ImageDraw.Draw(image).line(line, fill=10, width=16)
    return png(image)


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def upload(page: AppTest, data: bytes) -> None:
    checked(page.file_uploader(key="picture").upload("picture.png", data, "image/png").run())


@pytest.fixture
def upload_page(open_page: OpenPage) -> AppTest:
    """The page, ready for the upload of a picture."""
    page = open_page()
    return checked(page.segmented_control(key="input_source").set_value("Upload a picture").run())


def test_uploaded_picture_is_answered(upload_page: AppTest) -> None:
    upload(upload_page, paper_with_lines((160, 20, 150, 180)))
    assert live_answer(upload_page).digit == 1


def test_uploaded_picture_with_16_bits_is_answered(upload_page: AppTest) -> None:
    pixels = np.full((300, 200), 60_000, np.uint16)
    pixels[40:260, 90:110] = 500
    upload(upload_page, png(Image.fromarray(pixels)))
    assert live_answer(upload_page).digit == 1


def test_uploaded_file_that_is_not_a_picture_is_explained(upload_page: AppTest) -> None:
    upload(upload_page, b"nonsense")
    assert "This is not a picture" in texts(upload_page)


def test_digits_of_a_picture_are_all_read_and_one_is_chosen(upload_page: AppTest) -> None:
    upload(upload_page, paper_with_lines((80, 20, 70, 180), (150, 20, 250, 20), (250, 20, 200, 180)))
    digits = upload_page.segmented_control(key="found_digit")
    assert list(digits.options) == ["1", "7"]
    assert live_answer(upload_page).digit == 1
    checked(digits.set_value(1).run())
    assert live_answer(upload_page).digit == 7


def test_empty_picture_is_explained_and_shown(upload_page: AppTest) -> None:
    upload(upload_page, png(Image.new("L", (100, 100), 200)))
    assert "nothing that stands out" in texts(upload_page)
    assert mailbox(upload_page)["live_input"]["pixels"] is None


@pytest.fixture
def test_images_page(open_page: OpenPage) -> AppTest:
    """The page with a test image; without MNIST, of the bundled digits."""
    page = open_page()
    return checked(page.segmented_control(key="input_source").set_value("Use a test image").run())


def test_test_image_is_chosen_by_its_number(test_images_page: AppTest, digits: Dataset) -> None:
    # Clearly digits; some others are not.
    for number in (0, 2):
        checked(test_images_page.number_input(key="test_image").set_value(number).run())
        label = int(digits.test.labels[number])
        assert f"Test image {number} of scikit-learn's bundled digits. Its label is **{label}**." in texts(
            test_images_page
        )
        assert live_answer(test_images_page).digit == label
    checked(test_images_page.button(key="another_input").click().run())


def test_only_misread_images_are_shown_one_after_the_other(test_images_page: AppTest, digits: Dataset) -> None:
    page = test_images_page
    misread = sorted(load("augmented").evaluate(digits.test).mistakes)
    number = page.number_input(key="test_image")
    checked(number.set_value(misread[1] + 1).run())
    checked(page.toggle(key="only_misread").set_value(True).run())
    assert number_of(page) == misread[2]
    for step, expected in ((1, misread[3]), (-1, misread[2]), (-1, misread[1])):
        checked(page.number_input(key="test_image").set_value(number_of(page) + step).run())
        assert number_of(page) == expected
    checked(page.button(key="another_input").click().run())
    assert number_of(page) in misread


def number_of(page: AppTest) -> int:
    """Return the number of the test image on the page."""
    return int(page.number_input(key="test_image").value or 0)


def test_bundled_digits_replace_a_damaged_data_set(open_page: OpenPage) -> None:
    folder = mnist_files.raw_folder()
    folder.mkdir(parents=True)
    for file in mnist_files.MNIST_FILES:
        with (folder / file.name).open("wb") as empty:
            empty.truncate(file.size)
    page = open_page()
    assert "wrong magic number" in texts(page)
    checked(page.segmented_control(key="input_source").set_value("Use a test image").run())
    assert "Its label is" in texts(page)
