"""Faults of the machine, caused for real: a full disk, too little memory, deleted files."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import list_checkpoints, weights_folder
from dropout_mnist.config import TrainConfig
from dropout_mnist.data import mnist_files
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.server.queue import TrainingQueue
from dropout_mnist.server.runs import RunState
from dropout_mnist.training import DivergedError, Training

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
TIMEOUT = 120


def train_in_a_process(
    *options: str, limit: Callable[[], None] | None = None, prefix: Sequence[str] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run the command line's `train` on a few bundled digits, with a limit set on its process."""
    command = [
        *prefix,
        sys.executable,
        "-m",
        "dropout_mnist",
        "train",
        "--dataset",
        "digits",
        "--train-size",
        "200",
        *options,
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, preexec_fn=limit, capture_output=True, text=True, timeout=TIMEOUT
    )


def test_full_disk_is_reported_and_keeps_the_older_checkpoint() -> None:
    assert train_in_a_process("--epochs", "1").returncode == 0
    [path] = list_checkpoints()
    before = path.read_bytes()

    def no_room() -> None:
        # No file may grow beyond a megabyte; Python ignores the signal and gets an error, as from a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))

    ended = train_in_a_process("--epochs", "1", "--retrain", limit=no_room)
    assert ended.returncode == 2
    assert "Epoch: 1 Cost" in ended.stdout
    assert "File too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert path.read_bytes() == before
    assert [file.name for file in weights_folder().rglob("*") if file.is_file()] == [path.name]


def test_checkpoint_goes_to_the_users_folder_if_the_weights_folder_is_read_only(tmp_path: Path) -> None:
    folder = weights_folder()
    folder.mkdir()
    folder.chmod(0o555)
    # Root may write everywhere, unless it is without that right.
    as_others = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    if as_others and not shutil.which("setpriv"):
        pytest.skip("Root cannot be kept from writing here: there is no setpriv")
    ended = train_in_a_process("--epochs", "1", prefix=as_others)
    folder.chmod(0o755)
    assert ended.returncode == 0, ended.stderr
    assert list(folder.iterdir()) == []
    [path] = list_checkpoints()
    assert path.is_relative_to(tmp_path / "share")
    Checkpoint.load(path)


def test_lack_of_memory_is_reported_and_the_queue_continues() -> None:
    def little_memory() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))

    # Sixteen layers of 8,192 units have a billion weights; the queue is to outlive them.
    code = (
        "from dropout_mnist.config import TrainConfig; "
        "from dropout_mnist.server.limits import QueueLimits; "
        "from dropout_mnist.server.queue import TrainingQueue; "
        "from dropout_mnist.data.datasets import load_dataset; "
        "limits = QueueLimits(max_weights=10**10); "
        "queue = TrainingQueue(lambda name, report: load_dataset(name), limits=limits); "
        "run = queue.submit(TrainConfig(dataset='digits', train_size=200, hidden_sizes=(8192,) * 16)); "
        "print(queue.wait(run, 100).message); "
        "run = queue.submit(TrainConfig(dataset='digits', train_size=200, epochs=1)); "
        "print(queue.wait(run, 100).state)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=little_memory,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert ended.stdout.splitlines() == [
        "There is not enough memory for this run: try fewer images, a smaller batch size or smaller layers.",
        "finished",
    ]


def test_loaded_data_set_survives_the_deletion_of_its_files(
    mnist_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = mnist_files.raw_folder()
    copy = tmp_path / "copy"
    shutil.copytree(raw, copy / "MNIST" / "raw")
    monkeypatch.setenv("DROPOUT_MNIST_DATA", str(copy))
    dataset = load_dataset("mnist")
    shutil.rmtree(copy)
    [result] = Training(TrainConfig(epochs=1, train_size=1_000), dataset)
    assert result.test_accuracy > 0.5


def test_loaded_model_survives_the_deletion_of_its_checkpoint(shipped: Path) -> None:
    path = shipped / "plain-p0.50.safetensors"
    checkpoint = Checkpoint.load(path)
    path.write_bytes(b"")
    path.unlink()
    images = torch.rand(1, 784)
    assert torch.isfinite(checkpoint.model(images)).all()


@pytest.mark.parametrize("learning_rate", [10.0, 1e-6])
def test_extreme_learning_rates_diverge_or_learn_nothing(digits: Dataset, learning_rate: float) -> None:
    training = Training(TrainConfig(dataset="digits", epochs=3, learning_rate=learning_rate), digits)
    with suppress(DivergedError):  # whose message has a test of its own
        list(training)
    assert all(result.test_accuracy < 0.5 for result in training.history)


def test_one_training_image_is_enough(digits: Dataset) -> None:
    config = TrainConfig(dataset="digits", epochs=2, train_size=1, batch_size=1)
    history = list(Training(config, digits))
    assert history[-1].eval_train_accuracy == 1


def test_queue_survives_a_run_that_fails(digits: Dataset) -> None:
    queue = TrainingQueue(lambda name, report: digits)
    bad = queue.wait(queue.submit(TrainConfig(dataset="digits", batch_size=2_000)), TIMEOUT)
    assert bad is not None
    assert bad.state is RunState.FAILED
    assert "batch_size 2,000 is larger" in (bad.message or "")
    good = queue.wait(queue.submit(TrainConfig(dataset="digits", epochs=1)), TIMEOUT)
    assert good is not None
    assert good.state is RunState.FINISHED
    queue.close()
