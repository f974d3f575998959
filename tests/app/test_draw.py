"""The first screen, and the answers for drawings."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.evaluation import Prediction
from dropout_mnist.live.weights import pack
from dropout_mnist.preprocessing.fabricjs import make_path

from ..conftest import SHIPPED_WEIGHTS, accuracy_of
from .conftest import ROOT
from .page import OpenPage, checked, mailbox, metric, texts

ONE = [(150, 40, 130, 240)]
SEVEN = [(60, 50, 220, 50), (220, 50, 120, 240)]


def test_first_screen_invites_to_draw_without_a_data_set(open_page: OpenPage) -> None:
    page = open_page()
    assert "Draw a digit, 0 to 9" in mailbox(page)["live_input"]["invitation"]
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


def test_drawing_reaches_the_server(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    page = open_page()
    model = Checkpoint.load(SHIPPED_WEIGHTS / "augmented.safetensors")
    for lines, digit in ((ONE, 1), (SEVEN, 7)):
        canvas.lines = lines
        checked(page.run())
        answer = model.predict(page.session_state["drawing"].pixels)
        assert isinstance(answer, Prediction)
        assert answer.digit == digit


def test_panel_is_sent_the_strokes_that_the_canvas_is_asked_to_show(open_page: OpenPage) -> None:
    page = open_page()
    assert mailbox(page)["live_input"]["strokes"] == []
    drawing = page.session_state["drawing"]
    drawing.replace([make_path([(150, 40), (140, 90), (130, 240)], 20)])
    checked(page.run())
    [stroke] = mailbox(page)["live_input"]["strokes"]
    assert stroke == {"points": [150, 40, 150, 40, 130, 240], "width": 20}
    revision = mailbox(page)["live_input"]["revision"]
    checked(page.button(key="clear").click().run())
    assert mailbox(page)["live_input"]["strokes"] == []
    assert mailbox(page)["live_input"]["revision"] > revision


def test_panel_is_sent_the_weights_of_both_models(open_page: OpenPage) -> None:
    page = open_page()
    assert "live_comparison" not in mailbox(page)
    assert page.selectbox(key="comparison_choice").options[1] == "dropout 0.3"
    checked(page.selectbox(key="comparison_choice").select_index(1).run())
    sent = mailbox(page)
    assert sent["live_labels"] == ["augmented · dropout 0.1", "dropout 0.3"]
    for slot, name in (("live_model", "augmented"), ("live_comparison", "plain-p0.30")):
        assert sent[slot] == pack((SHIPPED_WEIGHTS / f"{name}.safetensors").read_bytes())


@pytest.mark.slow
def test_drawing_of_several_digits_is_read_from_left_to_right(open_page: OpenPage) -> None:
    page = open_page()
    seven = [make_path([(30, 50), (75, 50), (120, 50)], 12), make_path([(120, 50), (95, 135), (70, 220)], 12)]
    one = [make_path([(200, 50), (198, 135), (196, 220)], 12)]
    page.session_state["drawing"].replace([*one, *seven])
    checked(page.run())
    assert "from left to right, this is **71**: 7 (" in texts(page)
    page.session_state["drawing"].replace(seven)
    checked(page.run())
    assert "As several digits" not in texts(page)


@pytest.mark.usefixtures("no_weights")
def test_panel_is_told_that_there_is_no_model(open_page: OpenPage) -> None:
    assert mailbox(open_page())["live_model"] == b""


@pytest.mark.slow
def test_first_screen_answers_before_torch_is_imported(tmp_path: Path) -> None:
    # The import of torch fails here, and with it the rest of the page.
    code = (
        "import sys; sys.modules['torch'] = None; from streamlit.testing.v1 import AppTest; "
        "page = AppTest.from_file('app.py', default_timeout=60).run(); assert page.exception; "
        "print({e.proto.id.split('-', 2)[2]: len(e.proto.bytes) for e in page.get('bidi_component')})"
    )
    environment = os.environ | {"DROPOUT_MNIST_WEIGHTS": str(tmp_path)}
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment, timeout=120
    )
    # Streamlit prints the traceback before, if rich is installed.
    sent = ast.literal_eval(output.stdout.splitlines()[-1])
    assert {"canvas_widget", "live_code", "live_panel", "live_input"} <= set(sent)
    assert 2e6 < sent["live_model"] < 2.5e6
