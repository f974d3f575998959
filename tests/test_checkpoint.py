import json
import os
import pickle
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from dropout_mnist.checkpoint import ENVELOPE, MAX_FILE_SIZE, Checkpoint, CheckpointError
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.dropout import Dropout, GaussianDropout
from dropout_mnist.evaluation import EpochResult, evaluate
from dropout_mnist.storage import files
from dropout_mnist.training import Training

from .conftest import SHIPPED, SHIPPED_WEIGHTS


def test_saved_checkpoint_comes_back_complete(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "c.safetensors"
    checkpoint.save(path)
    loaded = Checkpoint.load(path)
    for one, other in zip(loaded.model.parameters(), checkpoint.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not loaded.model.training
    assert (loaded.config, loaded.history) == (checkpoint.config, checkpoint.history)
    assert (loaded.correct, loaded.total) == (checkpoint.correct, checkpoint.total)
    assert (loaded.dataset_checksum, loaded.versions) == (checkpoint.dataset_checksum, checkpoint.versions)
    assert [file.name for file in path.parent.iterdir()] == ["c.safetensors"]


def test_loaded_network_is_built_as_its_config_says(checkpoint: Checkpoint) -> None:
    config = replace(checkpoint.config, drop_prob=0.7, dropout_kind="gaussian")
    trained = replace(checkpoint, config=config, temperature=2.5)
    loaded = Checkpoint.from_bytes(trained.to_bytes(), "c.safetensors")
    assert loaded.temperature == 2.5
    dropouts = [layer for layer in loaded.model.layers if isinstance(layer, Dropout)]
    assert [(type(layer), layer.drop_prob) for layer in dropouts] == [(GaussianDropout, 0.7)] * 2


def test_config_is_read_without_the_weights(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    data = checkpoint.to_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert Checkpoint.read_config(path) == checkpoint.config
    path.write_bytes(b"rubbish")
    with pytest.raises(CheckpointError, match=r"mine\.safetensors does not say how it was trained"):
        Checkpoint.read_config(path)


def test_stopped_run_is_kept_as_one_of_fewer_epochs(tiny: Dataset, tiny_config: TrainConfig) -> None:
    training = Training(tiny_config, tiny)
    for result in training:
        if result.epoch == 2:
            break
    checkpoint = training.checkpoint()
    assert checkpoint.config.epochs == 2
    assert checkpoint.test_accuracy == result.test_accuracy
    assert checkpoint.name != tiny_config.name


def test_checkpoint_does_not_change_when_training_continues(tiny: Dataset, tiny_config: TrainConfig) -> None:
    training = Training(tiny_config, tiny)
    next(iter(training))
    checkpoint = training.checkpoint()
    before = checkpoint.to_bytes()
    list(training)
    assert checkpoint.to_bytes() == before


def test_paths_may_be_strings(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoint.save(f"{tmp_path}/mine.safetensors")
    assert Checkpoint.load(f"{tmp_path}/mine.safetensors").config == checkpoint.config


def test_checkpoint_evaluates_its_network(checkpoint: Checkpoint, tiny: Dataset) -> None:
    found, expected = checkpoint.evaluate(tiny.test), evaluate(checkpoint.model, tiny.test)
    assert found.loss == expected.loss
    assert torch.equal(found.probs, expected.probs)


def test_repr_is_one_line(checkpoint: Checkpoint) -> None:
    assert repr(checkpoint) == f"Checkpoint('{checkpoint.name}', test_accuracy={checkpoint.test_accuracy:.4f})"


def test_interrupted_save_keeps_the_old_checkpoint(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.safetensors"
    path.write_bytes(b"the old one")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save(path)
    assert path.read_bytes() == b"the old one"
    assert os.listdir(tmp_path) == ["c.safetensors"]


def rewritten(checkpoint: Checkpoint, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None]) -> bytes:
    """Encode the checkpoint with its description and tensors changed."""
    data = checkpoint.to_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    description = json.loads(header["__metadata__"][ENVELOPE.key])
    tensors = safetensors.torch.load(data)
    change(description, tensors)
    encoded: bytes = safetensors.torch.save(tensors, {ENVELOPE.key: json.dumps(description)})
    return encoded


FIRST = "layers.0.weight"

CHANGES: dict[str, tuple[Callable[[dict[str, Any], dict[str, torch.Tensor]], Any], str]] = {
    "nan": (lambda d, t: t[FIRST].fill_(float("nan")), f"not finite numbers: {FIRST}"),
    "shape": (
        lambda d, t: t.update({FIRST: torch.zeros(2, 2)}),
        "wrong shape: layers.0.weight is (2, 2), not (32, 784)",
    ),
    "dtype": (lambda d, t: t.update({FIRST: t[FIRST].half()}), "wrong type: layers.0.weight is torch.float16"),
    "missing tensor": (lambda d, t: t.pop(FIRST), f"missing or unknown weights: {FIRST}"),
    "unknown tensor": (lambda d, t: t.update(extra=torch.zeros(1)), "missing or unknown weights: extra"),
    "no config": (lambda d, t: d.pop("config"), "incomplete metadata: 'config' is missing"),
    "bad config": (lambda d, t: d["config"].update(drop_prob=2), "drop_prob must be a number from 0 to 0.9, not 2"),
    "huge layers": (
        lambda d, t: d["config"].update(hidden_sizes=[10**9]),
        "hidden_sizes must be 1 to 16 layers of 1 to 8,192 units",
    ),
    "other layers": (lambda d, t: d["config"].update(hidden_sizes=[8192] * 16), "missing or unknown weights"),
    "unknown setting": (lambda d, t: d["config"].update(x=1), "unknown settings: x"),
    "other format": (lambda d, t: d.update(format=99), "metadata of an unknown format; format 1 is known"),
    "accuracy": (lambda d, t: d.update(correct=41), "41 of 40 is not an accuracy"),
    "accuracy text": (lambda d, t: d.update(correct="<b>"), "is not an accuracy"),
    "history": (lambda d, t: d["history"].pop(), "does not list the config's epochs"),
    "history text": (lambda d, t: d["history"][0].update(train_loss="x"), "make no sense"),
    "history bounds": (
        lambda d, t: d["history"][0].update(test_accuracy=-7e300),
        "must be a number from 0 to",
    ),
    "history number": (lambda d, t: d["history"][0].update(train_loss=10**400), "must be a number from 0 to"),
    "config list": (lambda d, t: d.update(config=[]), "settings must be a mapping"),
    "config number": (lambda d, t: d["config"].update(learning_rate=10**400), "learning_rate must be a number from"),
    "history list": (lambda d, t: d.update(history=7), "make no sense"),
    "temperature -1": (lambda d, t: d.update(temperature=-1), "temperature must be a number above 0, not -1"),
    "temperature 0": (lambda d, t: d.update(temperature=0), "temperature must be a number above 0, not 0"),
    "temperature text": (lambda d, t: d.update(temperature="x"), "temperature must be a number above 0, not 'x'"),
    "no temperature": (lambda d, t: d.pop("temperature"), "incomplete metadata: 'temperature' is missing"),
    "versions": (lambda d, t: d.update(versions=7), "make no sense"),
}


@pytest.mark.parametrize(("change", "expected_error"), CHANGES.values(), ids=CHANGES)
def test_wrong_contents_are_refused_with_the_reason(
    checkpoint: Checkpoint, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None], expected_error: str
) -> None:
    with pytest.raises(CheckpointError) as error:
        Checkpoint.from_bytes(rewritten(checkpoint, change), "c.safetensors")
    assert "c.safetensors" in str(error.value)
    assert expected_error in str(error.value)


@pytest.mark.parametrize(
    ("data", "expected_error"),
    [
        (b"", "not a complete safetensors file"),
        (random.Random(1).randbytes(10_000), "not a complete safetensors file"),
        (pickle.dumps({"weights": [1, 2, 3]}), "is a pickle, which could run code"),
        (b"PK\x03\x04 as torch.save writes", "is a pickle, which could run code"),
        (safetensors.torch.save({"a": torch.zeros(2)}), "has no dropout_mnist metadata"),
        (safetensors.torch.save({"a": torch.zeros(2)}, {ENVELOPE.key: "{"}), "metadata that are not JSON"),
        (safetensors.torch.save({"a": torch.zeros(2)}, {ENVELOPE.key: "[" * 10**5}), "metadata that are not JSON"),
        (safetensors.torch.save({"a": torch.zeros(2)}, {ENVELOPE.key: "[1]"}), "unknown format"),
        (b'\x18\0\0\0\0\0\0\0{"__metadata__":null}   ', "has no dropout_mnist metadata"),
        ((2**62).to_bytes(8, "little") + b"{}", "not a complete safetensors file"),
    ],
    ids=["empty", "random", "pickle", "zip", "no metadata", "no json", "deep json", "list", "null", "huge header"],
)
def test_other_files_are_refused_with_the_reason(data: bytes, expected_error: str) -> None:
    with pytest.raises(CheckpointError, match=expected_error):
        Checkpoint.from_bytes(data, "c.safetensors")


def test_valid_file_that_begins_like_a_pickle_is_read(checkpoint: Checkpoint) -> None:
    # A header of 128 bytes, modulo 256, makes the file's first byte a pickle's.
    for padding in range(0, 256, 8):
        data = replace(checkpoint, versions={"torch": "x" * padding}).to_bytes()
        assert Checkpoint.from_bytes(data, "c").versions["torch"] == "x" * padding
        if data[0] == 0x80:
            return
    pytest.fail("no padding gave such a header")


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_truncated_file_is_refused(checkpoint: Checkpoint, tmp_path: Path, kept: float) -> None:
    data = checkpoint.to_bytes()
    path = tmp_path / "c.safetensors"
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(CheckpointError, match=r"c\.safetensors is not a complete safetensors file"):
        Checkpoint.load(path)


@pytest.mark.parametrize("correct", [0, 40])
def test_network_that_reads_nothing_or_everything_is_loaded(checkpoint: Checkpoint, correct: int) -> None:
    loaded = Checkpoint.from_bytes(replace(checkpoint, correct=correct, total=40).to_bytes(), "c.safetensors")
    assert loaded.test_accuracy == correct / 40


def test_file_over_the_size_limit_is_refused_unread(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.safetensors"
    checkpoint.save(path)
    size = path.stat().st_size
    monkeypatch.setattr("dropout_mnist.checkpoint.MAX_FILE_SIZE", size)
    assert Checkpoint.load(path).correct == checkpoint.correct
    monkeypatch.setattr("dropout_mnist.checkpoint.MAX_FILE_SIZE", size - 1)
    with pytest.raises(CheckpointError, match=r"c\.safetensors cannot be read: Has more than \d+ MB"):
        Checkpoint.load(path)


def test_largest_network_that_can_be_trained_can_be_loaded() -> None:
    config = TrainConfig(hidden_sizes=(8_192,) * 16, epochs=1_000)
    for hidden_sizes in ((8_192,) * 17, (8_193,)):
        with pytest.raises(ValueError, match="hidden_sizes must be"):
            TrainConfig(hidden_sizes=hidden_sizes)
    measured = dict.fromkeys(
        ("train_loss", "eval_train_loss", "eval_train_accuracy", "test_loss", "test_accuracy", "seconds"), 1 / 3
    )
    history = [asdict(EpochResult(epoch=epoch, **measured)) for epoch in range(1, 1_001)]
    assert 4 * config.weight_count + len(json.dumps(history)) + 100_000 < MAX_FILE_SIZE


@pytest.mark.parametrize("recipe", ["plain", "augmented"])
def test_stated_temperature_is_the_one_that_was_applied(tiny: Dataset, tiny_config: TrainConfig, recipe: str) -> None:
    training = Training(replace(tiny_config, recipe=recipe), tiny)
    list(training)
    checkpoint = training.checkpoint()
    assert (checkpoint.temperature == 1) is (recipe == "plain")
    images = tiny.test.pixels / 255
    with torch.inference_mode():
        uncalibrated, calibrated = training.model(images), checkpoint.model(images)
    assert torch.allclose(calibrated * checkpoint.temperature, uncalibrated, atol=1e-5)


def test_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nix\.safetensors cannot be read: No such file"):
        Checkpoint.load(tmp_path / "nix.safetensors")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_have_the_recipes_current_defaults(name: str) -> None:
    checkpoint = Checkpoint.load(SHIPPED_WEIGHTS / f"{name}.safetensors")
    config = checkpoint.config
    assert checkpoint.name == name
    assert config == TrainConfig(recipe=config.recipe, drop_prob=config.drop_prob)
    assert len(checkpoint.history) == config.epochs
    assert checkpoint.total == 10_000


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_have_the_accuracy_that_they_state(name: str, mnist_folder: object) -> None:
    checkpoint = Checkpoint.load(SHIPPED_WEIGHTS / f"{name}.safetensors")
    dataset = load_dataset("mnist")
    assert checkpoint.dataset_checksum == dataset.checksum
    # Exactly so on the machine that trained them; another processor's rounding may move an undecided image.
    assert abs(evaluate(checkpoint.model, dataset.test).correct - checkpoint.correct) <= 2
