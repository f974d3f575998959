"""The data sets, as uint8 tensors: MNIST, and the small set of digits that scikit-learn bundles."""

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dropout_mnist.data.mnist_files import ReportDownload, ensure_mnist, mnist_is_here, raw_folder
from dropout_mnist.preprocessing.drawing import normalize
from dropout_mnist.shapes import INPUT_SIZE

TITLES = {"mnist": "MNIST", "digits": "scikit-learn's bundled digits"}

# Each writer's bundled digits stand together, so the last ones are, but for one writer perhaps, by people not
# trained on.
DIGITS_TEST_SIZE = 300

# Training images of each, known before it is loaded.
FULL_SIZES = {"mnist": 60_000, "digits": 1_797 - DIGITS_TEST_SIZE}


@dataclass(frozen=True)
class Split:
    """Images with their labels.

    Attributes:
        pixels: (N, 784) uint8, 0 for background to 255 for ink.
        labels: (N,) int64, 0 to 9.
    """

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Tensor) -> "Split":
        """Return the chosen images and labels as a split of their own."""
        return Split(self.pixels[index], self.labels[index])

    def to(self, device: torch.device) -> "Split":
        """Return the same images and labels on `device`."""
        return Split(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Dataset:
    """A training and a test split with the name they go by.

    Attributes:
        name: "mnist" or "digits".
        checksum: SHA-256 of all pixels and labels, in hexadecimal.
    """

    name: str
    train: Split
    test: Split
    checksum: str

    @property
    def title(self) -> str:
        """The name to show people."""
        return TITLES[self.name]


def scale(pixels: Tensor) -> Tensor:
    """Turn pixels, uint8 0 to 255 of any shape, into the network's images, float32 in [0, 1].

    Training, testing and drawings all go through here: a network trained on [0, 1] must not be tested on 0-255.
    """
    return pixels.float().div_(255)


def dataset_is_here(name: str) -> bool:
    """Whether a data set can be loaded without a download, unless a file of it is damaged."""
    return name == "digits" or mnist_is_here()


def load_dataset(name: str, report: ReportDownload | None = None) -> Dataset:
    """Load a data set, downloading MNIST when it is not there.

    Args:
        name: "mnist" (60,000 training and 10,000 test images) or "digits" (1,497 and 300).
        report: called with the progress of each download.

    Raises:
        ValueError: there is no data set of this name.
        DataError: MNIST is neither here nor to be had.
    """
    if name == "mnist":
        train, test = _load_mnist(report)
    elif name == "digits":
        train, test = _load_digits()
    else:
        raise ValueError(f"there is no data set {name!r}; choose one of {', '.join(TITLES)}")
    return Dataset(name, train, test, _checksum(train, test))


def _load_mnist(report: ReportDownload | None) -> tuple[Split, Split]:
    ensure_mnist(report)
    # Imported here because torchvision takes two seconds and a page that only draws does not need it.
    from torchvision.datasets import MNIST

    root = raw_folder().parents[1]
    splits = []
    for train in (True, False):
        mnist = MNIST(root, train=train)
        splits.append(Split(mnist.data.reshape(-1, INPUT_SIZE), mnist.targets))
    return splits[0], splits[1]


def _load_digits() -> tuple[Split, Split]:
    from sklearn.datasets import load_digits

    small, labels = load_digits(return_X_y=True)
    pixels = np.stack([_enlarge(digit.reshape(8, 8)) for digit in small]).reshape(-1, INPUT_SIZE)
    everything = Split(torch.from_numpy(pixels), torch.from_numpy(labels).long())
    return everything[:-DIGITS_TEST_SIZE], everything[-DIGITS_TEST_SIZE:]


def _enlarge(digit: np.ndarray) -> np.ndarray:
    # A margin of one small pixel lets the strokes fade out as they do in a pen's drawing.
    small = Image.fromarray(np.pad(digit / 16 * 255, 1).astype(np.uint8))
    large = np.asarray(small.resize((80, 80), Image.Resampling.BICUBIC))
    pixels = normalize(large)
    assert pixels is not None, "every bundled digit has ink"
    return pixels


def _checksum(*splits: Split) -> str:
    digest = hashlib.sha256()
    for split in splits:
        digest.update(split.pixels.numpy().tobytes())
        digest.update(split.labels.numpy().tobytes())
    return digest.hexdigest()
