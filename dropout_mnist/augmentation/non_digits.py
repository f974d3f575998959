"""Things that are no digits, made of MNIST's own images, to teach the network what it does not know.

A network that has only ever seen digits is sure of everything. One that is also shown other things, and is to
call them any digit with equal probability, stays unsure of what it has never seen: *outlier exposure* (Hendrycks,
Mazeika & Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019).
"""

import torch
from torch import Tensor

from dropout_mnist.augmentation.ink import MARGIN, Glyphs
from dropout_mnist.shapes import IMAGE_SIZE

# These are no digits any more when they are mirrored, or turned on their side.
_ONE_HANDED = (3, 4, 6, 7, 9)
_UPRIGHT = (2, 3, 4, 7)

MAX_LINES = 9


def make_non_digits(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror a digit, turn it on its side, or scribble in its stead.

    Args:
        images: (N, 28, 28) float32 in [0, 1].
        labels: (N,) int64.
        generator: chooses what becomes of each; on the device of the images.

    Returns:
        (N, 28, 28) float32 in [0, 1], cropped and centred as MNIST's digits are.
    """
    choice = torch.rand(len(images), generator=generator, device=images.device)
    mirrored = (choice < 1 / 3) & _is_one_of(labels, _ONE_HANDED)
    turned = (choice > 2 / 3) & _is_one_of(labels, _UPRIGHT)
    clockwise = choice > 5 / 6
    changed = images.clone()
    changed[mirrored] = images[mirrored].flip(2)
    changed[turned & clockwise] = images[turned & clockwise].rot90(-1, (1, 2))
    changed[turned & ~clockwise] = images[turned & ~clockwise].rot90(1, (1, 2))
    glyphs = Glyphs(changed, generator)
    _scribble(glyphs, ~(mirrored | turned))
    return glyphs.fit()


def _scribble(glyphs: Glyphs, where: Tensor) -> None:
    """Draw four to nine joined lines at random instead of the images `where` it is true."""
    glyphs.erase(where[:, None, None].expand_as(glyphs.ink))
    lines = glyphs.uniform(4, MAX_LINES + 1)
    low, high = MARGIN + 2, MARGIN + IMAGE_SIZE - 2
    x, y = glyphs.uniform(low, high), glyphs.uniform(low, high)
    for number in range(MAX_LINES):
        next_x, next_y = glyphs.uniform(low, high), glyphs.uniform(low, high)
        glyphs.draw(x, y, next_x, next_y, where=where & (lines >= number + 1))
        x, y = next_x, next_y


def _is_one_of(labels: Tensor, digits: tuple[int, ...]) -> Tensor:
    return torch.isin(labels, torch.tensor(digits, device=labels.device))
