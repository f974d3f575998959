"""Trainings whose process is killed for real, and gone on with."""

import os
import random
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from dropout_mnist.checkpoint import load_checkpoint
from dropout_mnist.checkpoints.folder import list_checkpoints, weights_folder
from dropout_mnist.checkpoints.resume import discard_state, list_interruptions, load_state, save_state
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.training import TrainingState, build_model, train

ROOT = Path(__file__).parents[1]


def keep_after(config: TrainConfig, dataset: Dataset, epochs: int, owner: str = "") -> None:
    """Train some epochs and leave it at that, as a process does that is killed."""
    iteration = train(config, dataset, build_model(config), on_state=lambda state: save_state(config, state, owner))
    for _ in range(epochs):
        next(iteration)


def test_state_comes_back_whole(tiny: Dataset, tiny_config: TrainConfig) -> None:
    states: list[TrainingState] = []
    next(train(tiny_config, tiny, on_state=states.append))
    save_state(tiny_config, states[0])
    found = load_state(tiny_config)
    assert found is not None
    assert found.history == states[0].history
    assert found.tensors.keys() == states[0].tensors.keys()
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in states[0].tensors.items())
    discard_state(tiny_config)
    assert load_state(tiny_config) is None


def test_state_is_of_exactly_this_config(tiny: Dataset, tiny_config: TrainConfig) -> None:
    keep_after(tiny_config, tiny, 1)
    assert load_state(tiny_config) is not None
    # Another precision has the same name, and other bits.
    assert load_state(replace(tiny_config, precision="bf16")) is None
    assert load_state(replace(tiny_config, seed=2)) is None


def test_people_see_their_own_interruptions(tiny: Dataset, tiny_config: TrainConfig) -> None:
    keep_after(tiny_config, tiny, 2, "me")
    keep_after(replace(tiny_config, seed=2), tiny, 1, "you")
    [mine] = list_interruptions("me")
    assert (mine.config, len(mine.history)) == (tiny_config, 2)
    assert [found.config.seed for found in list_interruptions("you")] == [2]
    assert list_checkpoints() == []


@pytest.mark.parametrize("rubbish", [b"", b"nonsense" * 100, b"\xff" * 8 + b"{}"])
def test_damaged_state_is_none(tiny: Dataset, tiny_config: TrainConfig, rubbish: bytes) -> None:
    keep_after(tiny_config, tiny, 1, "me")
    [path] = (weights_folder() / "interrupted").iterdir()
    whole = path.read_bytes()
    for data in (rubbish, whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(data)
        assert load_state(tiny_config) is None
        assert list_interruptions("me") == []


def test_folder_that_cannot_be_written_to_does_not_stop_a_training(
    tiny: Dataset, tiny_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("dropout_mnist.checkpoints.resume.write_atomically", refuse)
    results = list(train(tiny_config, tiny, on_state=lambda state: save_state(tiny_config, state)))
    assert len(results) == tiny_config.epochs


TRAIN = [
    "train",
    "--dataset",
    "digits",
    "--train-size",
    "300",
    "--batch-size",
    "10",
    "--epochs",
    "12",
    "--precision",
    "fp32",
    "--json",
]


def start_training() -> "subprocess.Popen[str]":
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "dropout_mnist", *TRAIN]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def results_of(path: Path) -> list[dict[str, float]]:
    history = [asdict(result) for result in load_checkpoint(path).history]
    for result in history:
        del result["seconds"]
    return history


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.endurance)])
def test_killed_training_loses_no_epoch_and_ends_as_if_nothing_had_happened(kills: int, tmp_path: Path) -> None:
    # Written while the test's folders are in the environment, which the processes inherit.
    process = start_training()
    process.communicate()
    [path] = list_checkpoints()
    expected, weights = results_of(path), load_checkpoint(path).model.state_dict()
    path.unlink()

    moments = random.Random(0)
    for _ in range(kills):
        known = sum(len(interruption.history) for interruption in list_interruptions(""))
        wanted = known + moments.randint(1, 3)
        process = start_training()
        assert process.stdout is not None
        # The next start prints the epochs that are known at once. Then any moment may come, of training or saving.
        for seen, _ in enumerate(process.stdout, start=1):
            if seen == wanted:
                break
        time.sleep(moments.uniform(0, 0.1))
        process.kill()
        process.communicate()
        for checkpoint in list_checkpoints():
            load_checkpoint(checkpoint)
            checkpoint.unlink()  # it had ended before it was killed: begin anew
    process = start_training()
    _, err = process.communicate()
    assert process.returncode == 0, err
    [path] = list_checkpoints()
    assert results_of(path) == expected
    assert all(torch.equal(tensor, weights[name]) for name, tensor in load_checkpoint(path).model.state_dict().items())
    assert list_interruptions("") == []
