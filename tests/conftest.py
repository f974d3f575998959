"""Fixtures for all tests. Nothing here reads or writes the user's own data or weights."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import SHIPPED_NAMES
from dropout_mnist.config import TrainConfig
from dropout_mnist.data import mnist_files
from dropout_mnist.data.datasets import CHECKSUMS, Dataset, Split, load_dataset
from dropout_mnist.model import MLP
from dropout_mnist.training import Training
from dropout_mnist.ui import resources as shared

from .mirrors import mirrors, no_proxy, raw

__all__ = ["mirrors", "no_proxy", "raw"]

SHIPPED_WEIGHTS = Path(__file__).parents[1] / "weights"

# The first is the one in use at first.
SHIPPED = SHIPPED_NAMES


def accuracy_of(name: str) -> str:
    """Return the test accuracy of a shipped checkpoint as the page shows it."""
    return f"{Checkpoint.load(SHIPPED_WEIGHTS / f'{name}.safetensors').test_accuracy:.2%}"


# Streamlit's AppTest leaves the page in its place, and new worker processes begin by importing it.
MAIN_MODULE = sys.modules["__main__"]

# Where MNIST is, as the person who runs the tests has it; read before any test changes the environment.
REAL_DATA_FOLDER = mnist_files.data_folder()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, and the long forms of tests, as slow."""
    for item in items:
        if "e2e" in item.path.parts or item.get_closest_marker("endurance"):
            item.add_marker(pytest.mark.slow)


def skip_or_fail(reason: str) -> None:
    """Skip a test for want of something, or fail it where nothing may be wanting (DROPOUT_MNIST_NO_SKIP)."""
    if os.environ.get("DROPOUT_MNIST_NO_SKIP"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test empty folders of its own for data, weights and cache."""
    monkeypatch.setitem(sys.modules, "__main__", MAIN_MODULE)
    monkeypatch.setenv("DROPOUT_MNIST_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "share" / name)
    monkeypatch.setattr("dropout_mnist.checkpoints.folder.shipped_folder", lambda name: tmp_path / "shipped" / name)
    # For the processes that tests start.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture
def mnist_folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the project to the real MNIST; without it, skip."""
    monkeypatch.setenv("DROPOUT_MNIST_DATA", str(REAL_DATA_FOLDER))
    if not mnist_files.mnist_is_available():
        skip_or_fail(f"MNIST is not in {REAL_DATA_FOLDER}: set DROPOUT_MNIST_DATA to a folder that holds MNIST/raw")
    return REAL_DATA_FOLDER


@pytest.fixture(scope="session")
def strokes_file() -> Path:
    """A file of many written digits, which is not part of the project; without it, skip."""
    path = Path(os.environ.get("DROPOUT_MNIST_STROKES", "nowhere"))
    if not path.is_file():
        skip_or_fail("There is no file of written digits: set DROPOUT_MNIST_STROKES to one (see benchmarks/README.md)")
    return path


@pytest.fixture
def fresh_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a server of its own: nothing loaded, nothing queued."""
    monkeypatch.setattr(shared, "_datasets", {})
    shared.training_queue.cache_clear()
    # Port 9 of this machine: nobody answers there.
    monkeypatch.setattr(mnist_files, "MIRRORS", ("http://127.0.0.1:9/",))
    st.cache_resource.clear()
    yield
    shared.training_queue().close()


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """The bundled digits, which are there without a download."""
    return load_dataset("digits")


@pytest.fixture(scope="session")
def tiny() -> Dataset:
    """Forty images that any network learns: digit d is a bright bar in column 2 d."""
    labels = torch.arange(40) % 10
    pixels = torch.zeros(40, 28, 28, dtype=torch.uint8)
    for image, label in zip(pixels, labels, strict=True):
        image[4:24, 2 * int(label) + 4] = 255
    split = Split(pixels.reshape(40, 784), labels)
    return Dataset("digits", split, split)


@pytest.fixture(scope="session")
def tiny_config() -> TrainConfig:
    """Trains in milliseconds on `tiny`."""
    return TrainConfig(epochs=3, batch_size=10, hidden_sizes=(32, 32), dataset="digits", device="cpu")


@pytest.fixture(scope="session")
def checkpoint(tiny: Dataset, tiny_config: TrainConfig) -> Checkpoint:
    """A small trained checkpoint."""
    training = Training(tiny_config, tiny)
    list(training)
    return training.checkpoint()


@pytest.fixture
def tiny_as_digits(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tiny data set pass for the bundled digits, whose name it has."""
    monkeypatch.setitem(CHECKSUMS, "digits", tiny.checksum)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Fill this test's weights folder with the shipped checkpoints and return it."""
    folder = tmp_path / "weights"
    folder.mkdir(exist_ok=True)
    for name in SHIPPED:
        shutil.copy(SHIPPED_WEIGHTS / f"{name}.safetensors", folder)
    return folder


@pytest.fixture
def model() -> MLP:
    """A small untrained network, in eval mode."""
    return MLP((32, 24), 0.5, torch.Generator().manual_seed(0)).eval()


@pytest.fixture
def images() -> torch.Tensor:
    """Six images of noise, (6, 784)."""
    return torch.rand(6, 784, generator=torch.Generator().manual_seed(1))
