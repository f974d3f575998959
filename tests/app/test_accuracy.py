"""The Test section, with and without MNIST."""

from pathlib import Path

import pytest

from ..conftest import accuracy_of
from ..mirrors import Mirrors
from .page import OpenPage, checked, metric, texts

pytestmark = pytest.mark.slow


def test_random_test_image_has_label_and_prediction(open_page: OpenPage) -> None:
    page = open_page()
    checked(page.segmented_control(key="test_dataset_mnist").set_value("digits").run())
    assert "Label: **" in texts(page)
    assert "Prediction: **" in texts(page)
    assert "The model was trained on MNIST" in texts(page)
    checked(page.button(key="another").click().run())


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
