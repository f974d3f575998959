import json
import os
import pickle
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from dropout_mnist.checkpoint import (
    METADATA_KEY,
    Checkpoint,
    CheckpointError,
    decode_checkpoint,
    encode_checkpoint,
    load_checkpoint,
    make_checkpoint,
    save_checkpoint,
)
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.evaluation import evaluate
from dropout_mnist.storage import files
from dropout_mnist.training import build_model, train

from .conftest import SHIPPED, SHIPPED_WEIGHTS


def test_checkpoint_comes_back_whole(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "c.safetensors"
    save_checkpoint(checkpoint, path)
    loaded = load_checkpoint(path)
    for one, other in zip(loaded.model.parameters(), checkpoint.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not loaded.model.training
    assert (loaded.config, loaded.history) == (checkpoint.config, checkpoint.history)
    assert (loaded.correct, loaded.total) == (checkpoint.correct, checkpoint.total)
    assert (loaded.dataset_checksum, loaded.versions) == (checkpoint.dataset_checksum, checkpoint.versions)
    assert [file.name for file in path.parent.iterdir()] == ["c.safetensors"]


def test_stopped_training_is_kept_as_what_it_is(tiny: Dataset, tiny_config: TrainConfig) -> None:
    model = build_model(tiny_config)
    iteration = train(tiny_config, tiny, model)
    history = [next(iteration), next(iteration)]
    checkpoint = make_checkpoint(tiny_config, tiny, model, history)
    assert checkpoint.config.epochs == 2
    assert checkpoint.test_accuracy == history[-1].test_accuracy
    with pytest.raises(ValueError, match="no epoch was finished"):
        make_checkpoint(tiny_config, tiny, model, [])


def test_interrupted_save_keeps_the_old_checkpoint(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.safetensors"
    path.write_bytes(b"the old one")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(checkpoint, path)
    assert path.read_bytes() == b"the old one"
    assert os.listdir(tmp_path) == ["c.safetensors"]


def rewritten(checkpoint: Checkpoint, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None]) -> bytes:
    """Encode the checkpoint with its description and tensors changed."""
    data = encode_checkpoint(checkpoint)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    description = json.loads(header["__metadata__"][METADATA_KEY])
    tensors = safetensors.torch.load(data)
    change(description, tensors)
    encoded: bytes = safetensors.torch.save(tensors, {METADATA_KEY: json.dumps(description)})
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
    "bad config": (lambda d, t: d["config"].update(drop_prob=2), "drop_prob must be at least 0 and below 1"),
    "huge layers": (lambda d, t: d["config"].update(hidden_sizes=[10**9]), "each of hidden_sizes must be between"),
    "other layers": (lambda d, t: d["config"].update(hidden_sizes=[8192] * 16), "missing or unknown weights"),
    "unknown setting": (lambda d, t: d["config"].update(x=1), "unknown settings: x"),
    "other format": (lambda d, t: d.update(format=99), "another format than 1"),
    "accuracy": (lambda d, t: d.update(correct=41), "41 of 40 is no accuracy"),
    "accuracy text": (lambda d, t: d.update(correct="<b>"), "is no accuracy"),
    "history": (lambda d, t: d["history"].pop(), "does not list the config's epochs"),
    "history text": (lambda d, t: d["history"][0].update(train_loss="x"), "make no sense"),
    "history bounds": (
        lambda d, t: d["history"][0].update(test_accuracy=-7e300),
        "something else than measurements",
    ),
    "history number": (lambda d, t: d["history"][0].update(train_loss=10**400), "something else than measurements"),
    "config list": (lambda d, t: d.update(config=[]), "settings must be given by name"),
    "config number": (lambda d, t: d["config"].update(learning_rate=10**400), "learning_rate must be a finite number"),
    "history list": (lambda d, t: d.update(history=7), "make no sense"),
    "versions": (lambda d, t: d.update(versions=7), "make no sense"),
}


@pytest.mark.parametrize(("change", "expected_error"), CHANGES.values(), ids=CHANGES)
def test_wrong_contents_are_refused_with_the_reason(
    checkpoint: Checkpoint, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None], expected_error: str
) -> None:
    with pytest.raises(CheckpointError) as error:
        decode_checkpoint(rewritten(checkpoint, change), "c.safetensors")
    assert "c.safetensors" in str(error.value)
    assert expected_error in str(error.value)


@pytest.mark.parametrize(
    ("data", "expected_error"),
    [
        (b"", "not a whole safetensors file"),
        (random.Random(1).randbytes(10_000), "not a whole safetensors file"),
        (pickle.dumps({"weights": [1, 2, 3]}), "is a pickle, which could run code"),
        (b"PK\x03\x04 as torch.save writes", "is a pickle, which could run code"),
        (safetensors.torch.save({"a": torch.zeros(2)}), "has no metadata of dropout_mnist"),
        (safetensors.torch.save({"a": torch.zeros(2)}, {METADATA_KEY: "{"}), "metadata that are not JSON"),
        (safetensors.torch.save({"a": torch.zeros(2)}, {METADATA_KEY: "[" * 10**5}), "metadata that are not JSON"),
        (safetensors.torch.save({"a": torch.zeros(2)}, {METADATA_KEY: "[1]"}), "another format"),
        (b'\x18\0\0\0\0\0\0\0{"__metadata__":null}   ', "has no metadata of dropout_mnist"),
        ((2**62).to_bytes(8, "little") + b"{}", "not a whole safetensors file"),
    ],
    ids=["empty", "random", "pickle", "zip", "no metadata", "no json", "deep json", "list", "null", "huge header"],
)
def test_what_is_no_checkpoint_is_refused_with_the_reason(data: bytes, expected_error: str) -> None:
    with pytest.raises(CheckpointError, match=expected_error):
        decode_checkpoint(data, "c.safetensors")


def test_valid_file_that_begins_like_a_pickle_is_read(checkpoint: Checkpoint) -> None:
    # A header of 128 bytes, modulo 256, makes the file's first byte a pickle's.
    for padding in range(0, 256, 8):
        data = encode_checkpoint(replace(checkpoint, versions={"torch": "x" * padding}))
        assert decode_checkpoint(data, "c").versions["torch"] == "x" * padding
        if data[0] == 0x80:
            return
    pytest.fail("no padding gave such a header")


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_truncated_file_is_refused(checkpoint: Checkpoint, tmp_path: Path, kept: float) -> None:
    data = encode_checkpoint(checkpoint)
    path = tmp_path / "c.safetensors"
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(CheckpointError, match=r"c\.safetensors is not a whole safetensors file"):
        load_checkpoint(path)


def test_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nix\.safetensors cannot be read: No such file"):
        load_checkpoint(tmp_path / "nix.safetensors")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_are_of_a_recipe_as_it_stands(name: str) -> None:
    checkpoint = load_checkpoint(SHIPPED_WEIGHTS / f"{name}.safetensors")
    config = checkpoint.config
    assert checkpoint.name == name
    assert config == TrainConfig.of_recipe(config.recipe, drop_prob=config.drop_prob)
    assert len(checkpoint.history) == config.epochs
    assert checkpoint.total == 10_000


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_have_the_accuracy_that_they_state(name: str, mnist_folder: object) -> None:
    checkpoint = load_checkpoint(SHIPPED_WEIGHTS / f"{name}.safetensors")
    dataset = load_dataset("mnist")
    assert checkpoint.dataset_checksum == dataset.checksum
    # Exactly so on the machine that trained them; another processor's rounding may move an undecided image.
    assert abs(evaluate(checkpoint.model, dataset.test).correct - checkpoint.correct) <= 2
