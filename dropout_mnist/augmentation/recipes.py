"""Prepare the training images of an epoch by one of two recipes.

`plain` is the reference notebook's recipe: every epoch uses the same images. `augmented` uses new random variations
of the images in every epoch, and replaces some of them by non-digits.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.augmentation.distortion import distort
from dropout_mnist.augmentation.non_digits import make_non_digits
from dropout_mnist.augmentation.writing_styles import restyle
from dropout_mnist.data.datasets import Split
from dropout_mnist.preprocessing.inputs import scale
from dropout_mnist.shapes import CLASSES, IMAGE_SIZE, INPUT_SIZE

# The share of the training images that `augmented` replaces by non-digits.
NON_DIGIT_SHARE = 0.1


def prepare_plain(split: Split, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the images unchanged, (N, 784) float32 in [0, 1], and their labels, (N,) int64."""
    return scale(split.pixels), split.labels


def prepare_augmented(split: Split, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return a random variation of each image, or a non-digit, with soft targets.

    Args:
        split: the training images.
        generator: the source of all randomness, on the same device as the images.

    Returns:
        the images, (N, 784) float32 in [0, 1], and the target probabilities, (N, 10) float32: one-hot for a digit,
        uniform for a non-digit.
    """
    images = scale(split.pixels).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    targets = F.one_hot(split.labels, CLASSES).float()
    varied = restyle(images, split.labels, generator)
    chosen = torch.rand(len(split), generator=generator, device=images.device) < NON_DIGIT_SHARE
    varied[chosen] = make_non_digits(images[chosen], split.labels[chosen], generator)
    targets[chosen] = 1 / CLASSES
    return distort(varied, generator).reshape(-1, INPUT_SIZE), targets


def augment(split: Split, generator: torch.Generator) -> Tensor:
    """Return a random variation of each image, (N, 784) float32 in [0, 1], and no non-digits."""
    images = scale(split.pixels).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return distort(restyle(images, split.labels, generator), generator).reshape(-1, INPUT_SIZE)


PREPARE: dict[str, Callable[[Split, torch.Generator], tuple[Tensor, Tensor]]] = {
    "plain": prepare_plain,
    "augmented": prepare_augmented,
}
