"""A person's own digits, with what they are: made into a split, and read from a folder of pictures."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from dropout_mnist.data.datasets import Split
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.preprocessing.picture import MAX_FILE_BYTES, PictureError, may_be_picture, open_picture, read_picture
from dropout_mnist.shapes import CLASSES, INPUT_SIZE
from dropout_mnist.storage.files import read_file


class ExamplesError(Exception):
    """A folder of examples cannot be read. The message names what is wrong, and says what to do."""


def make_split(examples: Iterable[tuple[Pixels, int]]) -> Split:
    """Return labeled digits, each (28, 28) uint8, as a split."""
    pairs = list(examples)
    pixels = np.array([pixels for pixels, _ in pairs], dtype=np.uint8).reshape(-1, INPUT_SIZE)
    return Split(torch.from_numpy(pixels), torch.tensor([label for _, label in pairs], dtype=torch.int64))


def read_folder(folder: Path) -> Split:
    """Read pictures of single digits from subfolders named 0 to 9, as `torchvision.datasets.ImageFolder` expects them.

    Hidden files are left out, and what is plainly not a picture, such as `Thumbs.db`.

    Raises:
        ExamplesError: there is no such folder, there are no such pictures, or one of them cannot be read.
        OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        raise ExamplesError(f"there is no folder {folder}")
    examples = []
    for label in range(CLASSES):
        subfolder = folder / str(label)
        for path in sorted(subfolder.iterdir()) if subfolder.is_dir() else ():
            if path.name.startswith(".") or not path.is_file() or not may_be_picture(path):
                continue
            try:
                examples.append((read_picture(open_picture(read_file(path, MAX_FILE_BYTES))), label))
            except (PictureError, OSError) as error:
                raise ExamplesError(f"{path}: {error}") from None
    if not examples:
        raise ExamplesError(
            f"{folder} has no pictures in subfolders named 0 to 9: put each picture of a digit into the subfolder of "
            "its digit, such as 7/mine.png"
        )
    return make_split(examples)
