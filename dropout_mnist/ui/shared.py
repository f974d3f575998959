"""What all visitors of one server share: the training queue, data sets, loaded checkpoints, evaluations."""

import atexit
import threading
from pathlib import Path

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint, load_checkpoint
from dropout_mnist.data import Dataset, load_dataset
from dropout_mnist.evaluation import Evaluation, evaluate
from dropout_mnist.mnist_files import ReportDownload, mnist_is_here
from dropout_mnist.training_queue import TrainingQueue

_datasets: dict[str, Dataset] = {}
_loading = threading.Lock()


def get_dataset(name: str, report: ReportDownload | None = None) -> Dataset:
    """Return a data set, loaded once for everybody; on any thread.

    Raises:
        DataError: MNIST is neither here nor to be had.
    """
    with _loading:
        if name not in _datasets:
            _datasets[name] = load_dataset(name, report)
        return _datasets[name]


def dataset_is_at_hand(name: str) -> bool:
    """Whether a data set can be had without a download."""
    return name in _datasets or name == "digits" or mnist_is_here()


@st.cache_resource(show_spinner=False)
def training_queue() -> TrainingQueue:
    """Return the one queue of this server; when the server ends, a run's finished epochs are kept."""
    queue = TrainingQueue(get_dataset)
    atexit.register(queue.close)
    return queue


def load_cached(path: Path) -> Checkpoint:
    """Return the checkpoint at `path`, read again only when the file has changed.

    Raises:
        CheckpointError: it cannot be read, or is damaged.
    """
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    return _load(path, stamp)


@st.cache_resource(show_spinner=False, max_entries=16)
def _load(path: Path, stamp: int) -> Checkpoint:
    return load_checkpoint(path)


@st.cache_resource(show_spinner="Testing the model …", max_entries=32)
def evaluate_cached(model_id: str, dataset_name: str, _checkpoint: Checkpoint) -> Evaluation:
    """Return the model's answers for the test images; `model_id` stands for the checkpoint in the cache."""
    return evaluate(_checkpoint.model, get_dataset(dataset_name).test)
