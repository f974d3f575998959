"""The Dropout lab."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dropout_mnist.experiments.results import measurements_folder
from dropout_mnist.ui.lab.train_size import gains_by_train_size

from .page import TIMEOUT, checked, texts

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_server", "shipped")]

SECTIONS = ("Thinned", "Averaging", "Uncertainty", "rate", "size", "Sparsity", "Generalization")


def show_lab() -> None:
    from dropout_mnist.ui.lab import page

    page.show()


def show_lab_with_a_drawing() -> None:
    import streamlit as st

    from dropout_mnist.preprocessing.drawing import read_strokes
    from dropout_mnist.preprocessing.fabricjs import make_path, read_path
    from dropout_mnist.ui.inputs import canvas
    from dropout_mnist.ui.lab import page

    if "drawing" not in st.session_state:
        strokes = [make_path([(150, 40), (140, 140), (130, 240)], 20)]
        pixels = read_strokes([read_path(stroke) for stroke in strokes])
        st.session_state["drawing"] = canvas.Drawing(strokes, pixels)
    page.show()


def open_lab(show: Callable[[], None] = show_lab) -> AppTest:
    return checked(AppTest.from_function(show, default_timeout=TIMEOUT).run())


def test_every_section_works_without_a_data_set() -> None:
    page = open_lab()
    assert [name for name in SECTIONS if not any(name in title.value for title in page.subheader)] == []
    assert not page.error
    assert not page.warning
    assert "scikit-learn's bundled digits" in texts(page)
    assert page.selectbox(key="lab_model").value.endswith("plain-p0.50.safetensors")


def test_shipped_measurements_are_shown_with_their_commands() -> None:
    page = open_lab()
    assert "These measurements are missing" not in texts(page)
    commands = [block.value for block in page.code]
    for sweep in ("networks", "rate", "train_size"):
        assert any(f"--output measurements/{sweep}" in command for command in commands)


def test_missing_and_damaged_measurements_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "measurements"
    shutil.copytree(measurements_folder(), folder)
    shutil.rmtree(folder / "rate")
    (folder / "train_size" / "epochs.csv").write_text("rubbish\n")
    monkeypatch.setenv("DROPOUT_MNIST_MEASUREMENTS", str(folder))
    page = open_lab()
    assert "These measurements are missing" in texts(page)
    assert "is not a table of a sweep" in texts(page)


def test_drawing_is_the_subject_of_the_experiments() -> None:
    page = open_lab(show_lab_with_a_drawing)
    assert page.segmented_control(key="lab_digit_2").value == "Your drawing"
    assert "Its label is" not in texts(page)


@pytest.mark.parametrize(
    ("key", "value"),
    [("averaged", 200), ("rotation", 180), ("noise", 1.0), ("removed", 95)],
)
def test_sliders_accept_extreme_values(key: str, value: float) -> None:
    page = open_lab()
    checked(page.slider(key=key).set_value(value).run())


def test_scribble_increases_the_entropy() -> None:
    page = open_lab(show_lab_with_a_drawing)
    before = shown_entropy(page)
    checked(page.toggle(key="scribble").set_value(True).run())
    assert shown_entropy(page) > before


def shown_entropy(page: AppTest) -> float:
    text = texts(page)
    return float(text.partition("Entropy: **")[2].partition("**")[0])


def test_every_shipped_model_can_be_the_subject(shipped: Path) -> None:
    page = open_lab()
    for path in sorted(shipped.iterdir()):
        checked(page.selectbox(key="lab_model").set_value(str(path)).run())
        assert not page.error


def test_curves_follow_the_chosen_models() -> None:
    page = open_lab()
    assert "no dropout: test" in texts(page)
    checked(page.segmented_control(key="generalization_measure").set_value("Accuracy").run())
    checked(page.multiselect(key="generalization_models").set_value([]).run())
    assert "Choose models to see their curves" in texts(page)


@pytest.mark.usefixtures("no_weights")
def test_lab_without_weights_says_what_to_do() -> None:
    page = open_lab()
    assert "Train one on the Playground first" in texts(page)


def test_gains_combine_the_standard_errors_of_each_training_set_size() -> None:
    table = pd.DataFrame(
        {
            "drop_prob": [0.0, 0.5, 0.0, 0.5],
            "train_size": [100, 100, 1000, 1000],
            "mean": [0.3, 0.28, 0.1, 0.1],
            "standard_error": [0.03, 0.04, 0.0, 0.0],
            "runs": [5, 4, 3, 3],
        }
    )
    gains = gains_by_train_size(table)
    assert gains["gain"].tolist() == pytest.approx([0.02, 0.0])
    assert gains["standard_error"].tolist() == pytest.approx([0.05, 0.0])
    assert gains["runs"].tolist() == [4, 3]
