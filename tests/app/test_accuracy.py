"""The Test section, with and without MNIST."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dropout_mnist.checkpoints.folder import load
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.evaluation import Evaluation

from ..conftest import accuracy_of
from ..mirrors import Mirrors
from .page import OpenPage, checked, live_answer, metric, texts

pytestmark = pytest.mark.slow


def test_random_test_image_has_label_and_prediction(open_page: OpenPage) -> None:
    page = open_page()
    checked(page.segmented_control(key="test_dataset_mnist").set_value("digits").run())
    assert "Label: **" in texts(page)
    assert "Prediction: **" in texts(page)
    assert "The model was trained on MNIST" in texts(page)
    checked(page.button(key="another").click().run())


def open_test_section(open_page: OpenPage) -> tuple[AppTest, Evaluation]:
    """Return the page with the test images of the bundled digits, and the evaluation that it shows."""
    page = open_page()
    checked(page.segmented_control(key="test_dataset_mnist").set_value("digits").run())
    return page, load("augmented").evaluate(load_dataset("digits").test)


def expect_opened(page: AppTest, number: int, evaluation: Evaluation) -> None:
    """Check that a test image is where drawings are answered."""
    assert page.segmented_control(key="input_source").value == "Use a test image"
    assert page.number_input(key="test_image").value == number
    assert f"Test image {number} of scikit-learn's bundled digits." in texts(page)
    assert live_answer(page).digit == evaluation.predictions[number]


def test_click_on_a_mistake_or_the_random_sample_opens_it(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.randrange", lambda count: 7)
    page, evaluation = open_test_section(open_page)
    first, second = evaluation.mistakes[:2]
    for number in (second, first):
        checked(page.button(key=f"open_{number}").click().run())
        expect_opened(page, number, evaluation)
    checked(page.button(key="open_sample").click().run())
    expect_opened(page, 7, evaluation)


def test_cell_of_the_confusion_matrix_lists_its_images(open_page: OpenPage) -> None:
    page, evaluation = open_test_section(open_page)
    label, prediction, count = evaluation.top_confusions(1)[0]
    cells = page.selectbox(key="confusion_cell")
    assert cells.options[:2] == ["Most confident mistakes", f"{label} read as {prediction} ({count})"]
    checked(cells.set_value((label, prediction)).run())
    shown = [button.key for button in page.button if str(button.key).startswith("open_")]
    assert shown[1:] == [f"open_{number}" for number in evaluation.find(label, prediction)]
    # A model without such mistakes, or other test images.
    checked(page.segmented_control(key="test_dataset_mnist").set_value("mnist").run())


def test_accuracy_is_measured_on_mnist_if_available(open_page: OpenPage, mnist_folder: Path) -> None:
    page = open_page()
    assert metric(page, "Test accuracy") == accuracy_of("augmented")
    assert "MNIST, with dropout off" in texts(page)


def test_failed_download_is_explained(open_page: OpenPage) -> None:
    page = open_page()
    checked(page.button(key="download").click().run())
    assert "MNIST is not available" in texts(page)
    assert "DROPOUT_MNIST_DATA" in texts(page)


def test_damaged_file_is_downloaded_again_once_a_mirror_answers(
    open_page: OpenPage, mirrors: Mirrors, raw: Path
) -> None:
    path = raw / "t10k-labels-idx1-ubyte"
    good = path.read_bytes()
    # Same length, so that only reading the file reveals the damage.
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    mirrors.behavior = dict.fromkeys("abc", "500")
    page = open_page()
    assert "t10k-labels-idx1-ubyte is damaged: its MD5 is" in texts(page)
    mirrors.behavior = {"a": "half"}
    assert "MNIST, with dropout off" in texts(checked(page.run()))
    assert path.read_bytes() == good
