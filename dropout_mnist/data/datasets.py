"""Load the data sets as uint8 tensors: MNIST, and the small set of digits that scikit-learn bundles."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dropout_mnist.data.mnist_files import ReportDownload, mnist_is_available, read_mnist
from dropout_mnist.messages.message import Message
from dropout_mnist.preprocessing.drawing import normalize
from dropout_mnist.shapes import INPUT_SIZE

TITLES = {"mnist": "MNIST", "digits": Message("scikit-learn's bundled digits")}

# SHA-256 of each data set. A checkpoint with another checksum was trained on something else.
CHECKSUMS = {
    "mnist": "1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b",
    "digits": "94434067d042b577fb80a453d22999306ef0a68b4f632601afe4f5c0765c7b8d",
}

# The bundled digits are sorted by writer, so apart from perhaps one, the writers of the last ones are not in the
# training set.
DIGITS_TEST_SIZE = 300

# The numbers of training and of test images of each data set, known before it is loaded.
FULL_SIZES = {"mnist": 60_000, "digits": 1_797 - DIGITS_TEST_SIZE}
TEST_SIZES = {"mnist": 10_000, "digits": DIGITS_TEST_SIZE}


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"Split({len(self):,} images)"

    def __getitem__(self, index: slice | Tensor) -> "Split":
        """Return the selected images and labels as a split."""
        return Split(self.pixels[index], self.labels[index])

    def to(self, device: torch.device) -> "Split":
        """Return the same images and labels on `device`."""
        return Split(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True, repr=False)
class Dataset:
    """A training and a test split with the name they go by.

    Attributes:
        name: "mnist" or "digits".
        train, test: the splits.
    """

    name: str
    train: Split
    test: Split

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, {len(self.train):,} training and {len(self.test):,} test images)"

    @property
    def title(self) -> str:
        """The name to show people."""
        return TITLES[self.name]

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of all pixels and labels, in hexadecimal."""
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            digest.update(split.pixels.numpy().tobytes())
            digest.update(split.labels.numpy().tobytes())
        return digest.hexdigest()


def dataset_is_available(name: str) -> bool:
    """Whether a data set can be loaded without a download. A damaged file is noticed only when it is read."""
    return name == "digits" or mnist_is_available()


def load_dataset(name: str, report: ReportDownload | None = None) -> Dataset:
    """Load a data set; download MNIST if it is not on this machine yet.

    Args:
        name: "mnist" (60,000 training and 10,000 test images) or "digits" (1,497 and 300).
        report: called with the progress of each download.

    Raises:
        ValueError: there is no data set of this name.
        DataError: MNIST is neither on this machine nor can it be downloaded.
    """
    if name == "mnist":
        train, test = (Split(pixels, labels) for pixels, labels in read_mnist(report))
    elif name == "digits":
        train, test = _load_digits()
    else:
        raise ValueError(f"there is no data set {name!r}; choose one of {', '.join(TITLES)}")
    return Dataset(name, train, test)


def _load_digits() -> tuple[Split, Split]:
    from sklearn.datasets import load_digits  # lazy: takes a second that MNIST does not need

    small, labels = load_digits(return_X_y=True)
    pixels = np.stack([_enlarge(digit.reshape(8, 8)) for digit in small]).reshape(-1, INPUT_SIZE)
    everything = Split(torch.from_numpy(pixels), torch.from_numpy(labels).long())
    return everything[:-DIGITS_TEST_SIZE], everything[-DIGITS_TEST_SIZE:]


def _enlarge(digit: np.ndarray) -> np.ndarray:
    # A margin of one small pixel lets the strokes fade out as they do in a pen drawing.
    small = Image.fromarray(np.pad(digit / 16 * 255, 1).astype(np.uint8))
    large = np.asarray(small.resize((80, 80), Image.Resampling.BICUBIC))
    pixels = normalize(large)
    assert pixels is not None, "every bundled digit has ink"
    return pixels
