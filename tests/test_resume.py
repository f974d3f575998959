"""Runs whose process is killed for real, and resumed."""

import os
import random
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints import resume
from dropout_mnist.checkpoints.folder import list_checkpoints, weights_folder
from dropout_mnist.checkpoints.resume import discard_state, list_interrupted, load_state, save_state
from dropout_mnist.checkpoints.run import Outcome, lost_epochs, train_and_store
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.train_step import StateError
from dropout_mnist.training import BatchProgress, Training, TrainingState

ROOT = Path(__file__).parents[1]
TIMEOUT = 300


def state_after(config: TrainConfig, dataset: Dataset, epochs: int) -> TrainingState:
    training = Training(config, dataset)
    for result in training:
        if result.epoch == epochs:
            break
    return training.state


def interrupt_after(config: TrainConfig, dataset: Dataset, epochs: int, owner: str = "") -> TrainingState:
    """Train some epochs and leave the state behind, as a killed process does."""
    state = state_after(config, dataset, epochs)
    save_state(state, owner)
    return state


def results_of(path: Path) -> list[dict[str, float]]:
    """Return the results of a checkpoint's epochs, without the times."""
    results = [asdict(result) for result in Checkpoint.load(path).history]
    for result in results:
        del result["seconds"]
    return results


def state_file() -> Path:
    [path] = (weights_folder() / "states").glob("*.safetensors")
    return path


def test_saved_state_comes_back_complete(tiny: Dataset, tiny_config: TrainConfig) -> None:
    saved = interrupt_after(tiny_config, tiny, 1)
    found = load_state(tiny_config)
    assert found is not None
    assert (found.config, found.dataset_checksum, found.history) == (tiny_config, tiny.checksum, saved.history)
    assert found.tensors.keys() == saved.tensors.keys()
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in saved.tensors.items())
    discard_state(tiny_config)
    assert load_state(tiny_config) is None


def test_state_belongs_to_exactly_one_config(tiny: Dataset, tiny_config: TrainConfig) -> None:
    interrupt_after(tiny_config, tiny, 1)
    assert load_state(tiny_config) is not None
    # Another precision has the same name, and other bits.
    assert load_state(replace(tiny_config, precision="bf16")) is None
    assert load_state(replace(tiny_config, seed=2)) is None


def test_visitors_see_their_own_interrupted_runs(tiny: Dataset, tiny_config: TrainConfig) -> None:
    interrupt_after(tiny_config, tiny, 2, "me")
    interrupt_after(replace(tiny_config, seed=2), tiny, 1, "you")
    [mine] = list_interrupted("me")
    assert (mine.config, len(mine.history)) == (tiny_config, 2)
    assert [run.config.seed for run in list_interrupted("you")] == [2]
    assert list_checkpoints() == []


@pytest.mark.parametrize("rubbish", [b"", b"nonsense" * 100, b"\xff" * 8 + b"{}"])
def test_damaged_state_is_refused_and_not_listed(tiny: Dataset, tiny_config: TrainConfig, rubbish: bytes) -> None:
    interrupt_after(tiny_config, tiny, 1, "me")
    path = state_file()
    for data in (rubbish, path.read_bytes()[:50]):
        path.write_bytes(data)
        with pytest.raises(StateError, match="cannot be read"):
            load_state(tiny_config)
        assert list_interrupted("me") == []


def test_state_of_another_format_is_refused(tiny: Dataset, tiny_config: TrainConfig) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resume, "ENVELOPE", replace(resume.ENVELOPE, format=99))
        interrupt_after(tiny_config, tiny, 1)
    with pytest.raises(StateError, match="unknown format; format 1 is known"):
        load_state(tiny_config)


def test_unusable_state_starts_the_run_from_scratch(tiny: Dataset, tiny_config: TrainConfig) -> None:
    whole = Training(tiny_config, tiny)
    list(whole)
    state = interrupt_after(tiny_config, tiny, 2)
    save_state(replace(state, tensors={name: t for name, t in state.tensors.items() if name != "model.layers.0.bias"}))
    reasons: list[StateError] = []
    resumed: list[int] = []
    outcome = train_and_store(
        tiny_config, tiny, on_restart=reasons.append, on_resume=lambda history: resumed.append(len(history))
    )
    assert "missing or unknown tensors: model.layers.0.bias" in str(reasons[0])
    assert resumed == []
    assert outcome.path is not None
    assert [result.test_loss for result in outcome.history] == [result.test_loss for result in whole.history]


def test_run_without_memory_to_resume_stores_nothing_and_stays_resumable(
    tiny: Dataset, tiny_config: TrainConfig
) -> None:
    state = interrupt_after(tiny_config, tiny, 2)

    def out_of_memory(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.Adam, "load_state_dict", out_of_memory)
        with pytest.raises(RuntimeError, match="allocate memory"):
            train_and_store(tiny_config, tiny)
    assert list_checkpoints() == []
    found = load_state(tiny_config)
    assert found is not None
    assert found.history == state.history


def test_epochs_are_lost_only_where_a_shorter_run_is_stored_without_its_state(
    tiny: Dataset, tiny_config: TrainConfig
) -> None:
    longer = replace(tiny_config, epochs=tiny_config.epochs + 3)
    assert lost_epochs(longer) is None
    train_and_store(tiny_config, tiny)
    assert lost_epochs(longer) is None
    discard_state(longer)
    assert lost_epochs(longer) == tiny_config.epochs
    # What is wrong with a state is said when it is used.
    interrupt_after(longer, tiny, 1)
    assert lost_epochs(longer) is None
    state_file().write_bytes(b"rubbish")
    assert lost_epochs(longer) is None


def test_state_is_kept_when_the_checkpoint_cannot_be_stored(tiny: Dataset, tiny_config: TrainConfig) -> None:
    def full_disk(checkpoint: Checkpoint) -> Path:
        raise OSError("No space left on device")

    outcome = train_and_store(tiny_config, tiny, store=full_disk)
    assert (outcome.path, str(outcome.store_error)) == (None, "No space left on device")
    assert outcome.checkpoint is not None
    resumed: list[int] = []
    outcome = train_and_store(tiny_config, tiny, on_resume=lambda history: resumed.append(len(history)))
    assert resumed == [tiny_config.epochs]
    assert outcome.path is not None


def test_longer_run_continues_an_ended_one_with_the_same_bits(tiny: Dataset, tiny_config: TrainConfig) -> None:
    resumed: list[int] = []

    def train(epochs: int) -> Outcome:
        config = replace(tiny_config, epochs=epochs)
        return train_and_store(config, tiny, on_resume=lambda history: resumed.append(len(history)))

    first, second = train(2), train(5)
    assert resumed == [2]
    assert second.history[:2] == first.history
    whole = Training(replace(tiny_config, epochs=5), tiny)
    list(whole)
    assert second.checkpoint is not None
    for one, other in zip(second.checkpoint.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert list_interrupted("") == []
    # A shorter one starts from scratch, and so does the same one again.
    train(3)
    train(3)
    assert resumed == [2]


def test_paused_run_continues_from_its_state_with_the_same_bits(tiny: Dataset, tiny_config: TrainConfig) -> None:
    begun: list[Training] = []
    first = train_and_store(tiny_config, tiny, owner="me", should_pause=lambda: True, on_begin=begun.append)
    assert first.paused is not None
    assert (len(first.history), first.checkpoint, first.path) == (1, None, None)
    assert first.paused.history == first.history == begun[0].history
    assert [run.owner for run in list_interrupted("me")] == ["me"]
    # It does not need the saved state.
    discard_state(tiny_config)
    second = train_and_store(tiny_config, tiny, state=first.paused)
    assert second.checkpoint is not None
    assert second.history[:1] == first.history
    whole = Training(tiny_config, tiny)
    list(whole)
    for one, other in zip(second.checkpoint.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert list_interrupted("me") == []


def test_run_that_ends_early_reports_why_and_stores_its_finished_epochs(
    tiny: Dataset, tiny_config: TrainConfig
) -> None:
    def interrupt(progress: BatchProgress) -> None:
        if progress.epoch == 2:
            raise KeyboardInterrupt

    outcome = train_and_store(tiny_config, tiny, on_batch=interrupt)
    assert isinstance(outcome.error, KeyboardInterrupt)
    assert len(outcome.history) == 1
    assert outcome.checkpoint is not None
    assert outcome.path is not None
    assert Checkpoint.load(outcome.path).history == outcome.history == outcome.checkpoint.history


def test_states_of_the_latest_ended_runs_are_kept(tiny: Dataset, tiny_config: TrainConfig) -> None:
    interrupted = replace(tiny_config, seed=99)
    interrupt_after(interrupted, tiny, 1)
    configs = [replace(tiny_config, epochs=1, seed=seed) for seed in range(resume.MAX_ENDED + 2)]
    for config in configs:
        train_and_store(config, tiny)
    assert [load_state(replace(config, epochs=2)) is not None for config in configs] == [False] * 2 + [
        True
    ] * resume.MAX_ENDED
    assert load_state(interrupted) is not None


def test_run_continues_where_no_state_can_be_written(
    tiny: Dataset, tiny_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where a folder should be refuses everybody, root included.
    (tmp_path / "file").touch()
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "file" / "weights"))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "file" / name)
    outcome = train_and_store(tiny_config, tiny)
    assert len(outcome.history) == tiny_config.epochs
    assert outcome.store_error is not None
    assert load_state(tiny_config) is None


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


def start_run() -> "subprocess.Popen[str]":
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "dropout_mnist", *TRAIN]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.endurance)])
def test_killed_run_loses_no_epoch_and_ends_with_the_same_bits(kills: int) -> None:
    process = start_run()
    process.communicate(timeout=TIMEOUT)
    [path] = list_checkpoints()
    expected, weights = results_of(path), Checkpoint.load(path).model.state_dict()
    path.unlink()

    moments = random.Random(0)
    for _ in range(kills):
        known = sum(len(run.history) for run in list_interrupted(""))
        wanted = known + moments.randint(1, 3)
        process = start_run()
        assert process.stdout is not None
        # The next start prints the known epochs at once. Then any moment may come, of training or of saving.
        for seen, _ in enumerate(process.stdout, start=1):
            if seen == wanted:
                break
        time.sleep(moments.uniform(0, 0.1))
        process.kill()
        process.communicate(timeout=TIMEOUT)
        for checkpoint in list_checkpoints():
            Checkpoint.load(checkpoint)
            checkpoint.unlink()  # it had ended before it was killed: begin again
    process = start_run()
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    [path] = list_checkpoints()
    assert results_of(path) == expected
    assert all(torch.equal(tensor, weights[name]) for name, tensor in Checkpoint.load(path).model.state_dict().items())
    assert list_interrupted("") == []
