"""Make non-digits from MNIST's images, so that the network learns to be uncertain about them.

A network trained on digits alone is confident about everything. If it also sees non-digits, with the uniform
distribution as their target, it stays uncertain about inputs unlike its training images. This is *outlier exposure*
(Hendrycks, Mazeika & Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019).
"""

import torch
from torch import Tensor

from dropout_mnist.augmentation.ink import MARGIN, Ink
from dropout_mnist.shapes import IMAGE_SIZE

# Digits that become non-digits when they are mirrored, and when they are rotated by 90 degrees.
_CHIRAL = (3, 4, 6, 7, 9)
_UPRIGHT = (2, 3, 4, 7)

MAX_LINES = 9


def make_non_digits(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Replace each digit by its mirror image, by itself rotated by 90 degrees, or by a scribble.

    Args:
        images: (N, 28, 28) float32 in [0, 1].
        labels: (N,) int64.
        generator: the source of all randomness, on the same device as the images.

    Returns:
        (N, 28, 28) float32 in [0, 1], cropped and centered like MNIST's digits.
    """
    choice = torch.rand(len(images), generator=generator, device=images.device)
    mirrored = (choice < 1 / 3) & _is_one_of(labels, _CHIRAL)
    rotated = (choice > 2 / 3) & _is_one_of(labels, _UPRIGHT)
    clockwise = choice > 5 / 6
    changed = images.clone()
    changed[mirrored] = images[mirrored].flip(2)
    changed[rotated & clockwise] = images[rotated & clockwise].rot90(-1, (1, 2))
    changed[rotated & ~clockwise] = images[rotated & ~clockwise].rot90(1, (1, 2))
    ink = Ink(changed, generator)
    _scribble(ink, ~(mirrored | rotated))
    return ink.fit()


def _scribble(ink: Ink, where: Tensor) -> None:
    """Replace the images `where` it is true, (N,) bool, by four to nine connected random lines."""
    ink.erase(where[:, None, None].expand_as(ink.inked))
    lines = ink.uniform(4, MAX_LINES + 1)
    low, high = MARGIN + 2, MARGIN + IMAGE_SIZE - 2
    x, y = ink.uniform(low, high), ink.uniform(low, high)
    for number in range(MAX_LINES):
        next_x, next_y = ink.uniform(low, high), ink.uniform(low, high)
        ink.draw(x, y, next_x, next_y, where=where & (lines >= number + 1))
        x, y = next_x, next_y


def _is_one_of(labels: Tensor, digits: tuple[int, ...]) -> Tensor:
    return torch.isin(labels, torch.tensor(digits, device=labels.device))
