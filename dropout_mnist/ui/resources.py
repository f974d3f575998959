"""What all visitors of one server share: the training queue, data sets, loaded checkpoints, evaluations."""

import atexit
import threading
from collections import defaultdict
from functools import cache
from pathlib import Path

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from dropout_mnist.checkpoints.folder import find_checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, dataset_is_here, load_dataset
from dropout_mnist.data.mnist_files import ReportDownload
from dropout_mnist.evaluation import Evaluation, evaluate
from dropout_mnist.server.queue import QueueLimits, TrainingQueue

_datasets: dict[str, Dataset] = {}
_loading = defaultdict[str, threading.Lock](threading.Lock)


def get_dataset(name: str, report: ReportDownload | None = None) -> Dataset:
    """Return a data set, loaded once for everybody; on any thread.

    Raises:
        DataError: MNIST is neither here nor to be had.
    """
    if name not in _datasets:
        with _loading[name]:
            if name not in _datasets:
                _datasets[name] = load_dataset(name, report)
    return _datasets[name]


def dataset_is_at_hand(name: str) -> bool:
    """Whether a data set can be had without a download."""
    return name in _datasets or dataset_is_here(name)


@cache
def training_queue() -> TrainingQueue:
    """Return the one queue of this server; when the server ends, a run's finished epochs are kept."""
    queue = TrainingQueue(get_dataset, limits=QueueLimits.from_environment())
    atexit.register(queue.close)
    return queue


def load_cached(path: Path) -> tuple[str, Checkpoint]:
    """Return the checkpoint at `path`, read again only when the file has changed, with an id of its contents.

    Raises:
        CheckpointError: it cannot be read, or is damaged.
    """
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror}") from error
    return f"{path}@{stamp}", _load(path, stamp)


def find_cached(config: TrainConfig) -> Path | None:
    """Return where the checkpoint trained with exactly this config is, None if there is none."""
    found = find_checkpoint(config, load=lambda path: load_cached(path)[1])
    return found[0] if found else None


@st.cache_resource(show_spinner=False, max_entries=16)
def _load(path: Path, stamp: int) -> Checkpoint:
    return load_checkpoint(path)


@st.cache_resource(show_spinner="Testing the model …", max_entries=32)
def evaluate_cached(model_id: str, dataset_name: str, _checkpoint: Checkpoint) -> Evaluation:
    """Return the model's answers for the test images; `model_id` stands for the checkpoint in the cache."""
    return evaluate(_checkpoint.model, get_dataset(dataset_name).test)
