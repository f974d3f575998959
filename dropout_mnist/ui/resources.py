"""What all visitors of one server share: the training queue, data sets, loaded checkpoints, evaluations."""

import atexit
import threading
from collections import defaultdict
from functools import cache, lru_cache
from pathlib import Path

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint, CheckpointError
from dropout_mnist.checkpoints.folder import find_checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, dataset_is_available, load_dataset
from dropout_mnist.data.mnist_files import ReportDownload
from dropout_mnist.evaluation import Evaluation, evaluate
from dropout_mnist.messages.message import Message
from dropout_mnist.server.limits import QueueLimits
from dropout_mnist.server.password import Password
from dropout_mnist.server.queue import TrainingQueue
from dropout_mnist.ui.keeping import keep_latest
from dropout_mnist.ui.language import translate as _

# Of the checkpoints that were used last. A model in use stays in memory anyway.
LOADED_BYTES = 512_000_000

_datasets: dict[str, Dataset] = {}
_loading = defaultdict[str, threading.Lock](threading.Lock)


def get_dataset(name: str, report: ReportDownload | None = None) -> Dataset:
    """Return a data set, loaded once for all visitors; may be called on any thread.

    Raises:
        DataError: MNIST is neither on this machine nor can it be downloaded.
    """
    if name not in _datasets:
        with _loading[name]:
            if name not in _datasets:
                _datasets[name] = load_dataset(name, report)
    return _datasets[name]


def can_load_without_download(name: str) -> bool:
    """Whether a data set can be loaded without a download."""
    return name in _datasets or dataset_is_available(name)


@cache
def training_queue() -> TrainingQueue:
    """Return the training queue of this server. When the server ends, the finished epochs of a run are kept."""
    queue = TrainingQueue(get_dataset, limits=QueueLimits.from_environment())
    atexit.register(queue.close)
    return queue


@cache
def owner_password() -> Password | None:
    """Return the password of the server's owner, None if the environment sets none."""
    return Password.from_environment()


def load_cached(path: Path) -> tuple[str, Checkpoint]:
    """Return the checkpoint at `path` and an id of its contents; the file is read again only if it has changed.

    Raises:
        CheckpointError: it cannot be read, or is damaged.
    """
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(
            Message("{name} cannot be read: {error}", name=path.name, error=error.strerror)
        ) from error
    return f"{path}@{stamp}", _load(path, stamp)


def read_config(path: Path) -> TrainConfig:
    """Return the config of the checkpoint at `path`, whose weights are not read.

    Raises:
        CheckpointError: it cannot be read, or is damaged.
    """
    try:
        return _read_config(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise CheckpointError(
            Message("{name} cannot be read: {error}", name=path.name, error=error.strerror)
        ) from error


@lru_cache(maxsize=1_000)
def _read_config(path: Path, stamp: int) -> TrainConfig:
    return Checkpoint.read_config(path)


def find_cached(config: TrainConfig) -> Path | None:
    """Return the path of the checkpoint trained with exactly this config, None if there is none."""
    found = find_checkpoint(config, load=lambda path: load_cached(path)[1])
    return found[0] if found else None


def checkpoint_bytes(checkpoint: Checkpoint) -> int:
    """Return the memory that a checkpoint's weights take."""
    return 4 * checkpoint.config.weight_count


@keep_latest(LOADED_BYTES, checkpoint_bytes)
def _load(path: Path, stamp: int) -> Checkpoint:
    return Checkpoint.load(path)


def evaluate_cached(model_id: str, dataset_name: str, checkpoint: Checkpoint) -> Evaluation:
    """Return the evaluation on the test images; `model_id` identifies the checkpoint in the cache."""
    with st.spinner(_("Testing the model …")):
        return _evaluate(model_id, dataset_name, checkpoint)


@st.cache_resource(show_spinner=False, max_entries=32)
def _evaluate(model_id: str, dataset_name: str, _checkpoint: Checkpoint) -> Evaluation:
    return evaluate(_checkpoint.model, get_dataset(dataset_name).test)
