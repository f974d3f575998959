"""The two recipes: what becomes of the training images before the network learns from them.

`plain` is the notebook's: every epoch shows the same images. `augmented` shows each as other hands might have written
it, new in every epoch, and among them some things that are no digits.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.augmentation.distortion import distort
from dropout_mnist.augmentation.non_digits import make_non_digits
from dropout_mnist.augmentation.writing_styles import restyle
from dropout_mnist.data.datasets import Split, scale
from dropout_mnist.shapes import CLASSES, IMAGE_SIZE, INPUT_SIZE

NON_DIGIT_SHARE = 0.1


def prepare_plain(split: Split, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the images as they are, (N, 784) float32 in [0, 1], and their labels, (N,) int64."""
    return scale(split.pixels), split.labels


def prepare_augmented(split: Split, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return each image as another hand might have written it, or as something that is no digit.

    Returns:
        (N, 784) float32 in [0, 1], and what the network is to answer: the probabilities, (N, 10) float32, of the
        label alone for a digit, of all ten alike for what is none.
    """
    images = scale(split.pixels).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    targets = F.one_hot(split.labels, CLASSES).float()
    written = restyle(images, split.labels, generator)
    chosen = torch.rand(len(split), generator=generator, device=images.device) < NON_DIGIT_SHARE
    written[chosen] = make_non_digits(images[chosen], split.labels[chosen], generator)
    targets[chosen] = 1 / CLASSES
    return distort(written, generator).reshape(-1, INPUT_SIZE), targets


def write_anew(split: Split, generator: torch.Generator) -> Tensor:
    """Return each image as another hand might have written it, (N, 784) float32 in [0, 1]."""
    images = scale(split.pixels).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return distort(restyle(images, split.labels, generator), generator).reshape(-1, INPUT_SIZE)


PREPARE: dict[str, Callable[[Split, torch.Generator], tuple[Tensor, Tensor]]] = {
    "plain": prepare_plain,
    "augmented": prepare_augmented,
}
