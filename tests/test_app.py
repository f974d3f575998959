"""The page's behaviour, by Streamlit's AppTest; what only a browser shows is in `e2e/`."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from dropout_mnist.checkpoint import Checkpoint, encode_checkpoint, load_checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.data import mnist_files
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.evaluation import Prediction
from dropout_mnist.preprocessing.fabricjs import MAX_COMMANDS, make_path
from dropout_mnist.server.queue import RunState
from dropout_mnist.ui import resources as shared
from dropout_mnist.ui.models import MAX_SESSION_CHECKPOINTS
from dropout_mnist.ui.playground import settings

from .conftest import accuracy_of
from .mirrors import Mirrors
from .page import TIMEOUT, checked, texts

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.usefixtures("fresh_server")
OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def canvas_module() -> ModuleType:
    """The module of the canvas, which can be imported first only while a Streamlit page runs."""

    def page() -> None:
        from dropout_mnist.ui.inputs import canvas  # noqa: F401

    assert not AppTest.from_function(page, default_timeout=TIMEOUT).run().exception
    return sys.modules["dropout_mnist.ui.inputs.canvas"]


@pytest.fixture
def canvas(canvas_module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the canvas reports: `lines` drawn with a pen of 20 pixels."""
    state = SimpleNamespace(lines=[])

    def report(**_: Any) -> SimpleNamespace:
        image = Image.new("RGBA", (280, 280), (0, 0, 0, 255))
        for line in state.lines:
            ImageDraw.Draw(image).line(line, fill="white", width=20)
        objects = [{"type": "Path", "points": line} for line in state.lines]
        return report_canvas(objects, image)

    monkeypatch.setattr(canvas_module, "st_canvas", report)
    return state


@pytest.fixture
def open_page(shipped: Path, canvas: SimpleNamespace) -> OpenPage:
    """Open the page with the shipped weights and, unless a test asks for MNIST, without a data set."""

    def open_it(**parameters: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
        for name, value in parameters.items():
            page.query_params[name] = value
        return checked(page.run())

    return open_it


def report_canvas(objects: list[Any], image: Image.Image | None = None) -> SimpleNamespace:
    """Return what the canvas reports; its image is black unless another is given."""
    buffer = io.BytesIO()
    (image or Image.new("RGBA", (280, 280), (0, 0, 0, 255))).save(buffer, "PNG")
    return SimpleNamespace(json_data={"objects": objects}, image_bytes=buffer.getvalue())


def metric(page: AppTest, label: str) -> str:
    return next(element.value for element in page.metric if element.label == label)


def train_to_the_end(page: AppTest) -> AppTest:
    checked(page.button(key="train").click().run())
    queue = shared.training_queue()
    for run in queue.active_runs():
        queue.wait(run.id, TIMEOUT)
    return checked(page.run())


def test_first_screen_needs_no_data_set_and_invites_to_draw(open_page: OpenPage) -> None:
    page = open_page()
    assert "Draw a digit, 0 to 9" in texts(page)
    assert not page.error
    assert metric(page, "Test accuracy") == accuracy_of("augmented")
    assert "measured on MNIST when it was trained" in texts(page)
    assert "MNIST is not on this machine yet" in texts(page)
    assert page.selectbox(key="model_choice").value.endswith("augmented.safetensors")


def test_page_that_only_draws_imports_no_data_library(tmp_path: Path) -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; "
        "page = AppTest.from_file('app.py', default_timeout=60).run(); assert not page.exception; "
        "print([name for name in ('torchvision', 'sklearn', 'pooch') if name in sys.modules])"
    )
    environment = os.environ | {"DROPOUT_MNIST_DATA": str(tmp_path), "DROPOUT_MNIST_WEIGHTS": str(ROOT / "weights")}
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    assert output.stdout.strip() == "[]"


def test_drawing_is_answered(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    page = open_page()
    canvas.lines = [(150, 40, 130, 240)]
    checked(page.run())
    assert metric(page, "Answer") == "1"
    canvas.lines = [(60, 50, 220, 50), (220, 50, 120, 240)]
    checked(page.run())
    assert metric(page, "Answer") == "7"
    canvas.lines = []
    assert "Draw a digit" in texts(checked(page.run()))


def test_second_undo_counts_although_the_canvas_has_not_reported_the_first(canvas_module: ModuleType) -> None:
    strokes = [{"stroke": number} for number in range(3)]
    drawing = canvas_module.Drawing()
    drawing.take(report_canvas(strokes))
    for left in (2, 1, 0):
        drawing.undo()
        drawing.take(report_canvas(strokes))
        assert drawing.strokes == drawing.told["objects"] == strokes[:left]
    drawing.take(report_canvas(strokes[:2]))
    assert drawing.strokes == strokes[:2]


def test_two_models_answer_side_by_side(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    canvas.lines = [(150, 40, 130, 240)]
    page = open_page()
    assert page.selectbox(key="rival_choice").options[1] == "plain-p0.30"
    checked(page.selectbox(key="rival_choice").select_index(1).run())
    assert metric(page, "augmented") == metric(page, "plain-p0.30") == "1"


def test_scribble_is_called_no_digit(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    canvas.lines = [
        (40, 40, 240, 240),
        (240, 60, 40, 230),
        (140, 20, 150, 250),
        (30, 140, 250, 130),
        (60, 30, 200, 240),
    ]
    page = open_page()
    assert metric(page, "Answer") == "?"
    assert "This looks like no digit. If it is one, then perhaps a" in texts(page)


def test_unsure_answer_names_both_digits(
    open_page: OpenPage, canvas: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas.lines = [(150, 40, 130, 240)]
    halves = Prediction((0.0, 0.6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 0.0))
    monkeypatch.setattr("dropout_mnist.ui.answer.predict", lambda model, pixels: [halves])
    page = open_page()
    assert metric(page, "Answer") == "1"
    assert "A 1, or perhaps an 8." in texts(page)


def test_strokes_are_read_whatever_the_image_shows(canvas_module: ModuleType) -> None:
    drawing = canvas_module.Drawing()
    drawing.take(report_canvas([make_path([(100, 40), (110, 140), (120, 240)], 20)]))
    assert drawing.pixels is not None
    assert drawing.pixels.any()


def test_drawing_longer_than_any_hand_draws_is_read_from_its_image(canvas_module: ModuleType) -> None:
    image = Image.new("RGBA", (280, 280), (0, 0, 0, 255))
    ImageDraw.Draw(image).line((150, 40, 130, 240), fill="white", width=20)
    scribble = np.random.default_rng(0).uniform(0, 280, (MAX_COMMANDS + 10, 2))
    drawing = canvas_module.Drawing()
    for strokes in ([make_path(scribble, 20)], [make_path(part, 20) for part in np.array_split(scribble, 100)]):
        drawing.take(report_canvas(strokes, image))
        assert drawing.pixels is not None
        assert 20 < np.count_nonzero(drawing.pixels) < 100


@pytest.mark.parametrize(
    ("json_data", "image_url"),
    [
        ([], "data:image/png;base64,"),
        ({"objects": "all"}, "data:image/png;base64,"),
        ({"objects": [1]}, "nonsense"),
        ({"objects": [1]}, 7),
        ({"objects": [1]}, "data:image/png;base64,AAAA"),
        ({"objects": [{"type": "Path", "path": 3}]}, "data:image/png;base64,!"),
    ],
)
def test_forged_reports_of_the_canvas_are_no_drawing(canvas_module: ModuleType, json_data: Any, image_url: Any) -> None:
    drawing = canvas_module.Drawing()
    drawing.take(canvas_module.CanvasResult(json_data, image_url, return_image_data=True))
    assert drawing.pixels is None


def test_recipe_brings_its_own_settings_and_may_be_set_by_the_url(open_page: OpenPage) -> None:
    augmented = TrainConfig.of_recipe("augmented")
    page = open_page()
    checked(page.segmented_control(key="recipe").set_value("augmented").run())
    assert page.number_input(key="epochs").value == augmented.epochs
    assert page.slider(key="drop_prob").value == augmented.drop_prob
    assert "The model in use was trained with exactly these settings." in texts(page)
    checked(page.segmented_control(key="recipe").set_value("plain").run())
    assert page.number_input(key="epochs").value == TrainConfig().epochs
    shared_page = open_page(recipe="augmented", seed="7")
    assert shared_page.number_input(key="batch_size").value == augmented.batch_size
    assert shared_page.number_input(key="seed").value == 7


def test_page_says_how_the_model_in_use_was_trained(open_page: OpenPage, shipped: Path) -> None:
    page = open_page()
    assert "trained by the *augmented* recipe" in texts(page)
    checked(page.selectbox(key="model_choice").set_value(str(shipped / "plain-p0.30.safetensors")).run())
    assert "trained by the *plain* recipe" in texts(page)


def test_picture_of_several_digits_is_not_guessed_at(open_page: OpenPage) -> None:
    page = open_page()
    checked(page.segmented_control(key="input_source").set_value("Upload a picture").run())
    image = Image.new("L", (300, 200), 240)
    for x in (80, 200):
        ImageDraw.Draw(image).line((x, 20, x - 10, 180), fill=10, width=16)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    checked(page.file_uploader(key="picture").upload("two.png", buffer.getvalue(), "image/png").run())
    assert "There seem to be 2 digits in this picture" in texts(page)
    assert "Upload a picture of one digit" in texts(page)


def test_uploaded_picture_is_answered_and_rubbish_is_explained(open_page: OpenPage) -> None:
    page = open_page()
    checked(page.segmented_control(key="input_source").set_value("Upload a picture").run())
    image = Image.new("L", (300, 200), 240)
    ImageDraw.Draw(image).line((160, 20, 150, 180), fill=10, width=16)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    checked(page.file_uploader(key="picture").upload("one.png", buffer.getvalue(), "image/png").run())
    assert metric(page, "Answer") == "1"
    checked(page.file_uploader(key="picture").upload("bad.png", b"nonsense", "image/png").run())
    assert "This is not a picture" in texts(page)


def test_uploaded_picture_of_16_bits_is_answered(open_page: OpenPage) -> None:
    page = open_page()
    checked(page.segmented_control(key="input_source").set_value("Upload a picture").run())
    image = np.full((300, 200), 60_000, np.uint16)
    image[40:260, 90:110] = 500
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    checked(page.file_uploader(key="picture").upload("deep.png", buffer.getvalue(), "image/png").run())
    assert metric(page, "Answer") == "1"


def test_damaged_data_set_is_explained_and_the_bundled_one_taken(open_page: OpenPage) -> None:
    folder = mnist_files.raw_folder()
    folder.mkdir(parents=True)
    for file, _ in mnist_files.MNIST_FILES:
        with (folder / file.name).open("wb") as empty:
            empty.truncate(file.size)
    page = open_page()
    assert "wrong magic number" in texts(page)
    checked(page.segmented_control(key="input_source").set_value("Take a test image").run())
    assert "Its label is" in texts(page)


def test_test_image_can_be_the_input(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    # Some of the images are hardly digits, and are called none.
    monkeypatch.setattr("random.randrange", lambda count: 0)
    page = open_page()
    checked(page.segmented_control(key="input_source").set_value("Take a test image").run())
    assert "Its label is" in texts(page)
    assert metric(page, "Answer").isdigit()
    checked(page.button(key="another_input").click().run())


def test_url_sets_the_controls(open_page: OpenPage) -> None:
    page = open_page(drop_prob="0.5", epochs="5", dataset="digits", train_size="200", seed="3")
    assert page.slider(key="drop_prob").value == 0.5
    assert page.number_input(key="epochs").value == 5
    assert page.selectbox(key="dataset").value == "digits"
    assert page.number_input(key="train_size").value == 200
    assert page.number_input(key="seed").value == 3
    assert "Ignored" not in texts(page)
    assert page.number_input(key="epochs").value == 5


@pytest.mark.parametrize(
    ("name", "value", "note"),
    [
        ("drop_prob", "2", "a number from 0.0 to 0.9 is needed"),
        ("drop_prob", "nan", "a number from 0.0 to 0.9 is needed"),
        ("epochs", "many", "a whole number from 1 to 1,000 is needed"),
        ("epochs", "2.5", "a whole number from 1 to 1,000 is needed"),
        ("epochs", "inf", "a whole number from 1 to 1,000 is needed"),
        ("seed", "1e999", "a whole number from 0 to"),
        ("epochs", "99999999999999999999", "a whole number from 1 to 1,000 is needed"),
        ("dataset", "../../etc", "one of mnist, digits is needed"),
        ("recipe", "magic", "one of plain, augmented is needed"),
        ("colour", "<script>alert(1)</script>", "there is no such setting"),
    ],
)
def test_nonsense_in_the_url_is_ignored_with_a_note(open_page: OpenPage, name: str, value: str, note: str) -> None:
    page = open_page(**{name: value})
    [warning] = page.warning
    assert "Ignored in the page's address" in warning.value
    assert note in warning.value
    assert "<script" not in warning.value.replace("\\<", "")
    assert page.slider(key="drop_prob").value == 0.3
    assert page.number_input(key="epochs").value == 15
    assert page.number_input(key="seed").value == 1
    assert metric(page, "Test accuracy") == accuracy_of("augmented")


def test_sensible_url_has_no_note() -> None:
    assert settings.find_nonsense({"drop_prob": "0.25", "epochs": "3", "dataset": "mnist", "batch_size": "64"}) == {}


def test_training_the_bundled_digits_gives_a_model_that_is_used(open_page: OpenPage) -> None:
    page = open_page(dataset="digits", epochs="2")
    train_to_the_end(page)
    assert "plain-p0.30-digits-e2 is trained: test accuracy" in texts(page)
    assert page.selectbox(key="model_choice").value.endswith("plain-p0.30-digits-e2.safetensors")
    assert "of 300" in next(element.delta for element in page.metric if element.label == "Test accuracy")
    assert "scikit-learn's bundled digits" in texts(page)


def test_settings_whose_weights_exist_are_one_click_and_no_training(open_page: OpenPage) -> None:
    page = open_page(drop_prob="0.5")
    checked(page.button(key="load").click().run())
    assert page.selectbox(key="model_choice").value.endswith("plain-p0.50.safetensors")
    assert "drop_prob **0.5**" in texts(page)
    assert "is trained" not in texts(page)
    assert "load" not in {button.key for button in page.button}


def test_settings_that_do_not_go_together_are_explained(open_page: OpenPage) -> None:
    page = open_page(train_size="50")
    assert "train_size (50) must be at least batch_size (100)" in texts(page)
    assert "train" not in {button.key for button in page.button}


def test_training_without_mnist_says_what_to_do(open_page: OpenPage) -> None:
    page = train_to_the_end(open_page(epochs="1"))
    assert "could not be reached" in texts(page)
    assert "DROPOUT_MNIST_DATA" in texts(page)
    assert page.selectbox(key="model_choice").value.endswith("augmented.safetensors")


def test_two_visitors_share_one_queue(open_page: OpenPage, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def load_when_told(name: str, report: object) -> Dataset:
        assert gate.wait(TIMEOUT)
        return digits

    monkeypatch.setattr(shared, "load_dataset", load_when_told)
    one, other = open_page(dataset="digits", epochs="1"), open_page(dataset="digits", epochs="1", seed="2")
    checked(one.button(key="train").click().run())
    assert one.button(key="train").disabled
    checked(other.button(key="train").click().run())
    assert "Waiting, number 1 in the queue: plain-p0.30-digits-e1-s2" in texts(other)
    # Of others' runs nobody sees more than that they are there.
    shown = texts(checked(one.run()))
    assert "Training plain-p0.30-digits-e1 on scikit-learn's bundled digits." in shown
    assert "In the queue of this server: 1 training of other visitors." in shown
    assert "-s2" not in shown
    third = open_page(dataset="digits", epochs="1")
    assert "2 trainings of other visitors" in texts(third)
    assert "Training plain-p0.30-digits-e1" not in texts(third)
    assert "stop" not in {button.key for button in third.button}
    runs = shared.training_queue().active_runs()
    gate.set()
    for run in runs:
        shared.training_queue().wait(run.id, TIMEOUT)
    assert [shared.training_queue().get(run.id).state for run in runs] == [RunState.FINISHED] * 2  # type: ignore[union-attr]
    assert "plain-p0.30-digits-e1-s2 is trained" in texts(checked(other.run()))
    assert "plain-p0.30-digits-e1 is trained" in texts(checked(one.run()))
    assert "is trained" not in texts(checked(third.run()))


def test_more_trainings_than_one_may_have_are_refused_with_a_reason(
    open_page: OpenPage, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def load_when_told(name: str, report: object) -> Dataset:
        assert gate.wait(TIMEOUT)
        return digits

    monkeypatch.setattr(shared, "load_dataset", load_when_told)
    monkeypatch.setenv("DROPOUT_MNIST_MAX_RUNS_PER_PERSON", "1")
    page = open_page(dataset="digits", epochs="1")
    checked(page.button(key="train").click().run())
    checked(page.number_input(key="seed").set_value(2).run())
    checked(page.button(key="train").click().run())
    gate.set()
    assert "You have as many trainings in the queue as one person may (1)" in texts(page)


def test_random_sample_shows_label_and_prediction(open_page: OpenPage) -> None:
    page = open_page()
    checked(page.segmented_control(key="test_dataset_mnist").set_value("digits").run())
    assert "Label: **" in texts(page)
    assert "Prediction: **" in texts(page)
    assert "The model was trained on MNIST" in texts(page)
    checked(page.button(key="another").click().run())


def test_mnist_is_tested_on_where_it_is(open_page: OpenPage, mnist_folder: Path) -> None:
    page = open_page()
    assert metric(page, "Test accuracy") == accuracy_of("augmented")
    assert "MNIST, with dropout off" in texts(page)


def test_download_that_fails_is_explained(open_page: OpenPage) -> None:
    page = open_page()
    checked(page.button(key="download").click().run())
    assert "MNIST is not available" in texts(page)
    assert "DROPOUT_MNIST_DATA" in texts(page)


def test_download_shows_how_far_it_is_and_a_training_waits_for_it(open_page: OpenPage, mirrors: Mirrors) -> None:
    mirrors.behaviour = {"a": "slow"}
    page = open_page(epochs="1")
    checked(page.button(key="train").click().run())
    queue = shared.training_queue()
    [run] = queue.active_runs()
    while (now := queue.get(run.id)) is None or now.download is None:
        pass
    shown = page.run().get("progress")[0].proto.text
    assert "train-images-idx3-ubyte is missing: downloading it from 127.0.0.1" in shown.replace("\\", "")
    mirrors.go_on.set()
    assert (ended := queue.wait(run.id, TIMEOUT)) is not None
    assert ended.state is RunState.FINISHED
    assert "is trained: test accuracy" in texts(checked(page.run()))


def test_data_that_were_damaged_are_fetched_once_a_mirror_is_there_again(
    open_page: OpenPage, mirrors: Mirrors, raw: Path
) -> None:
    path = raw / "t10k-labels-idx1-ubyte"
    good = path.read_bytes()
    # Of the right length, so that nobody looks closer before it is used.
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    mirrors.behaviour = dict.fromkeys("abc", "500")
    page = open_page()
    assert "t10k-labels-idx1-ubyte is damaged: its MD5 is" in texts(page)
    mirrors.behaviour = {"a": "half"}
    assert "MNIST, with dropout off" in texts(checked(page.run()))
    assert path.read_bytes() == good


def test_damaged_checkpoint_does_not_stop_the_others(open_page: OpenPage, shipped: Path) -> None:
    (shipped / "augmented.safetensors").write_bytes(b"rubbish")
    page = open_page()
    shown = texts(page)
    assert "augmented.safetensors is not a whole safetensors file" in shown
    assert "Using plain-p0.00 instead" in shown
    assert "drop_prob **0**" in texts(page)


def test_page_without_any_weights_can_still_train(open_page: OpenPage, shipped: Path) -> None:
    for path in shipped.iterdir():
        path.unlink()
    page = open_page(dataset="digits", epochs="1")
    assert "There are no weights yet" in texts(page)
    train_to_the_end(page)
    assert page.selectbox(key="model_choice").value.endswith("plain-p0.30-digits-e1.safetensors")


def test_uploaded_weights_are_used_and_rubbish_is_explained(open_page: OpenPage, shipped: Path) -> None:
    page = open_page()
    other = load_checkpoint(shipped / "plain-p0.50.safetensors")
    data = encode_checkpoint(other)
    checked(page.file_uploader(key="upload_weights").upload("mine.safetensors", data).run())
    assert page.selectbox(key="model_choice").value.startswith("plain-p0.50 (this session's, ")
    assert "drop_prob **0.5**" in texts(page)
    assert "as its file says" in texts(page)
    checked(page.file_uploader(key="upload_weights").upload("![bad](x).safetensors", data[:1000]).run())
    assert r"\!\[bad\]\(x\)\.safetensors is not a whole safetensors file" in page.error[0].value
    assert "drop_prob **0.5**" in texts(page)


def test_a_session_keeps_its_latest_uploads(open_page: OpenPage, checkpoint: Checkpoint) -> None:
    page = open_page()
    before = len(page.selectbox(key="model_choice").options)
    for correct in range(MAX_SESSION_CHECKPOINTS + 2):
        data = encode_checkpoint(replace(checkpoint, correct=correct))
        checked(page.file_uploader(key="upload_weights").upload(f"{correct}.safetensors", data).run())
    assert len(page.selectbox(key="model_choice").options) == before + MAX_SESSION_CHECKPOINTS
    assert f"test accuracy **{correct / checkpoint.total:.2%}**" in texts(page)


def test_two_models_of_the_same_config_are_told_apart(
    open_page: OpenPage, shipped: Path, canvas: SimpleNamespace
) -> None:
    canvas.lines = [(150, 40, 130, 240)]
    page = open_page()
    data = (shipped / "plain-p0.30.safetensors").read_bytes()
    checked(page.file_uploader(key="upload_weights").upload("mine.safetensors", data).run())
    checked(page.selectbox(key="rival_choice").set_value(str(shipped / "plain-p0.30.safetensors")).run())
    names = [element.label for element in page.metric]
    assert "plain-p0.30" in names
    assert any(name.startswith("plain-p0.30 (this session's") for name in names)
