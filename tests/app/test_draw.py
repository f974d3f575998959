"""The first screen, and the answers for drawings."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dropout_mnist.evaluation import Prediction

from ..conftest import accuracy_of
from .conftest import ROOT
from .page import OpenPage, checked, metric, texts

ONE = [(150, 40, 130, 240)]
SEVEN = [(60, 50, 220, 50), (220, 50, 120, 240)]
SCRIBBLE = [
    (40, 40, 240, 240),
    (240, 60, 40, 230),
    (140, 20, 150, 250),
    (30, 140, 250, 130),
    (60, 30, 200, 240),
]


def test_first_screen_invites_to_draw_without_a_data_set(open_page: OpenPage) -> None:
    page = open_page()
    assert "Draw a digit, 0 to 9" in texts(page)
    assert not page.error
    assert metric(page, "Test accuracy") == accuracy_of("augmented")
    assert "measured on MNIST when it was trained" in texts(page)
    assert "MNIST is not on this machine yet" in texts(page)
    assert page.selectbox(key="model_choice").value.endswith("augmented.safetensors")


@pytest.mark.slow
def test_first_screen_imports_no_data_library(tmp_path: Path) -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; "
        "page = AppTest.from_file('app.py', default_timeout=60).run(); assert not page.exception; "
        "print([name for name in ('torchvision', 'sklearn', 'pooch') if name in sys.modules])"
    )
    environment = os.environ | {"DROPOUT_MNIST_DATA": str(tmp_path), "DROPOUT_MNIST_WEIGHTS": str(ROOT / "weights")}
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment, timeout=120
    )
    assert output.stdout.strip() == "[]"


def test_drawing_is_answered(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    page = open_page()
    canvas.lines = ONE
    checked(page.run())
    assert metric(page, "Answer") == "1"
    canvas.lines = SEVEN
    checked(page.run())
    assert metric(page, "Answer") == "7"
    canvas.lines = []
    assert "Draw a digit" in texts(checked(page.run()))


def test_scribble_is_not_called_a_digit(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    canvas.lines = SCRIBBLE
    page = open_page()
    assert metric(page, "Answer") == "?"
    assert "This doesn't look like a digit. If it is one, perhaps a" in texts(page)


def test_ambiguous_answer_names_both_digits(
    open_page: OpenPage, canvas: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas.lines = ONE
    prediction = Prediction((0.0, 0.6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 0.0))
    monkeypatch.setattr("dropout_mnist.ui.answer.predict_batch", lambda model, pixels: [prediction])
    page = open_page()
    assert metric(page, "Answer") == "1"
    assert "A 1, or perhaps an 8." in texts(page)


def test_comparison_shows_the_answers_of_both_models(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    canvas.lines = ONE
    page = open_page()
    assert page.selectbox(key="comparison_choice").options[1] == "dropout 0.3"
    checked(page.selectbox(key="comparison_choice").select_index(1).run())
    assert metric(page, "augmented · dropout 0.1") == metric(page, "dropout 0.3") == "1"
