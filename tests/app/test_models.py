"""The choice of models: damaged, missing, uploaded, and compared."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.ui import resources
from dropout_mnist.ui.models import MAX_SESSION_CHECKPOINTS

from .page import TIMEOUT, OpenPage, checked, mailbox, texts

pytestmark = pytest.mark.slow


def upload_weights(page: AppTest, name: str, data: bytes) -> None:
    checked(page.file_uploader(key="upload_weights").upload(name, data).run())


def test_page_describes_the_recipe_of_the_model(open_page: OpenPage, shipped: Path) -> None:
    page = open_page()
    assert "trained with the *augmented* recipe" in texts(page)
    checked(page.selectbox(key="model_choice").set_value(str(shipped / "plain-p0.30.safetensors")).run())
    assert "trained with the *plain* recipe" in texts(page)


def test_damaged_checkpoint_is_explained_and_another_one_used(open_page: OpenPage, shipped: Path) -> None:
    (shipped / "augmented.safetensors").write_bytes(b"rubbish")
    page = open_page()
    assert "augmented.safetensors is not a complete safetensors file" in texts(page)
    assert "Using no dropout instead" in texts(page)
    assert "no dropout · MNIST · 15 epochs" in texts(page)


def test_uploaded_weights_are_used(open_page: OpenPage, shipped: Path) -> None:
    page = open_page()
    upload_weights(page, "mine.safetensors", (shipped / "plain-p0.50.safetensors").read_bytes())
    assert "dropout 0.5 · MNIST · 15 epochs" in texts(page)
    assert "according to its file" in texts(page)


def test_damaged_upload_is_explained_and_changes_nothing(open_page: OpenPage, shipped: Path) -> None:
    page = open_page()
    before = page.selectbox(key="model_choice").value
    data = (shipped / "plain-p0.50.safetensors").read_bytes()
    upload_weights(page, "![bad](x).safetensors", data[:1000])
    assert r"\!\[bad\]\(x\)\.safetensors is not a complete safetensors file" in page.error[0].value
    assert page.selectbox(key="model_choice").value == before


def test_session_keeps_its_latest_uploads(open_page: OpenPage, checkpoint: Checkpoint) -> None:
    page = open_page()
    before = len(page.selectbox(key="model_choice").options)
    for correct in range(MAX_SESSION_CHECKPOINTS + 2):
        upload_weights(page, f"{correct}.safetensors", replace(checkpoint, correct=correct).to_bytes())
    assert len(page.selectbox(key="model_choice").options) == before + MAX_SESSION_CHECKPOINTS
    assert f"test accuracy **{correct / checkpoint.total:.2%}**" in texts(page)


def test_uploaded_and_saved_model_of_one_config_have_different_names(open_page: OpenPage, shipped: Path) -> None:
    page = open_page()
    path = shipped / "plain-p0.30.safetensors"
    upload_weights(page, "mine.safetensors", path.read_bytes())
    checked(page.selectbox(key="comparison_choice").set_value(str(path)).run())
    [mine] = [name for name in page.selectbox(key="model_choice").options if name.startswith("Mine: dropout 0.3 (")]
    assert mailbox(page)["live_labels"] == [mine, "dropout 0.3"]


def test_choice_of_a_removed_checkpoint_becomes_the_default(open_page: OpenPage, shipped: Path) -> None:
    path = shipped / "mine.safetensors"
    shutil.copy(shipped / "plain-p0.30.safetensors", path)
    page = open_page()
    checked(page.selectbox(key="model_choice").set_value(str(path)).run())
    path.unlink()
    checked(page.run())
    assert page.selectbox(key="model_choice").value.endswith("augmented.safetensors")


def test_models_are_grouped_as_shipped_mine_and_others(open_page: OpenPage, shipped: Path) -> None:
    shutil.copy(shipped / "plain-p0.30.safetensors", shipped / "copy.safetensors")
    page = open_page(dataset="digits", epochs="1")
    checked(page.button(key="train").click().run())
    queue = resources.training_queue()
    for run in queue.active_runs():
        queue.wait(run.id, TIMEOUT)
    checked(page.run())
    assert page.selectbox(key="model_choice").options == [
        "augmented · dropout 0.1",
        "no dropout",
        "dropout 0.3",
        "dropout 0.5",
        "Mine: dropout 0.3 · scikit-learn's bundled digits · 1 epoch",
        "Others: dropout 0.3 (copy)",
    ]


def test_download_comes_with_the_line_that_loads_it(open_page: OpenPage) -> None:
    assert [block.value for block in open_page().code] == ['model = dropout_mnist.load("augmented.safetensors")']


def test_comparison_ends_when_its_model_is_chosen(open_page: OpenPage, shipped: Path) -> None:
    page = open_page()
    path = str(shipped / "plain-p0.30.safetensors")
    checked(page.selectbox(key="comparison_choice").set_value(path).run())
    checked(page.selectbox(key="model_choice").set_value(path).run())
    assert page.selectbox(key="comparison_choice").value is None


def test_model_is_offered_for_download_in_every_format(open_page: OpenPage) -> None:
    labels = [button.proto.label for button in open_page().get("download_button")]
    assert labels == ["Download these weights", "Download as a page that works offline", "ONNX", "PyTorch"]
