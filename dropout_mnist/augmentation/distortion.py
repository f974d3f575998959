"""Augmentation: training images as other hands and other pens might have written them, new in every epoch.

Affine and elastic distortions follow Simard, Steinkraus & Platt, "Best Practices for Convolutional Neural Networks
Applied to Visual Document Analysis", ICDAR 2003. A whole batch is distorted at once, in one resampling.
"""

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.shapes import IMAGE_SIZE, INPUT_SIZE

# The image is bent between so many points in each direction.
_BEND_POINTS = 5

# The most by which an image is changed; each change is drawn evenly from nothing, or from its negative, to this.
ROTATION = math.radians(15)
SHEAR = 0.2  # shift per pixel of height
ZOOM = 0.1  # natural logarithm of the factor of growth
STRETCH = 0.18  # natural logarithm of the factor by which it gets wider, and lower
SHIFT = 0.04  # in halves of the image
PEN = 0.5  # how much of the step to strokes a pixel wider, or thinner, on each side
CONTRAST = 0.9  # how much brighter ink gets, before it is cut at 1: it sharpens the edges
# Displacements of the points between which the image is bent: their standard deviation, in halves of the image.
BENDS = 0.05


def distort(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, shear, scale, shift and bend images, each in its own way, with a pen of another width.

    Args:
        images: (N, 28, 28) float32 in [0, 1].
        generator: decides everything that is drawn; on the device of the images.

    Returns:
        (N, 28, 28) float32 in [0, 1].
    """
    return _vary_pen(_bend(images, generator), generator)


def _bend(images: Tensor, generator: torch.Generator) -> Tensor:
    count, device = len(images), images.device

    def evenly(most: float) -> Tensor:
        return (torch.rand(count, generator=generator, device=device) * 2 - 1) * most

    # Where each pixel is taken from.
    angle, shear, zoom, stretch = evenly(ROTATION), evenly(SHEAR), evenly(ZOOM), evenly(STRETCH)
    width, height = (zoom + stretch).exp(), (zoom - stretch).exp()
    cos, sin = angle.cos(), angle.sin()
    x = torch.stack([cos * width, shear * cos * width - sin * height, evenly(SHIFT)], dim=1)
    y = torch.stack([sin * width, shear * sin * width + cos * height, evenly(SHIFT)], dim=1)
    places = torch.stack([x, y], dim=1) @ _places(device)
    bends = torch.randn(count, 2, _BEND_POINTS**2, generator=generator, device=device) * BENDS
    places += bends @ _smooth_bends(device)
    grid = places.reshape(count, 2, IMAGE_SIZE, IMAGE_SIZE).permute(0, 2, 3, 1)
    return F.grid_sample(images[:, None], grid, align_corners=False)[:, 0]


def _vary_pen(images: Tensor, generator: torch.Generator) -> Tensor:
    amounts = torch.rand(2, len(images), 1, 1, generator=generator, device=images.device)
    change = (amounts[0] * 2 - 1) * PEN
    wider, thinner = _neighbours(images, torch.maximum), _neighbours(images, torch.minimum)
    images = images + change.clamp(min=0) * (wider - images) + change.clamp(max=0) * (images - thinner)
    return (images * (1 + amounts[1] * CONTRAST)).clamp(0, 1)


def _neighbours(images: Tensor, choose: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Return at each pixel of (N, 28, 28) the largest or smallest of it and its eight neighbours."""
    # As rows of 784, many times faster; that a line's end is the next one's neighbour harms no digit, since
    # both are background.
    chosen = images.reshape(-1, INPUT_SIZE)
    for step in (1, IMAGE_SIZE):
        before, after = chosen[:, :-step], chosen[:, step:]
        chosen = chosen.clone()
        chosen[:, step:] = choose(chosen[:, step:], before)
        chosen[:, :-step] = choose(chosen[:, :-step], after)
    return chosen.reshape(images.shape)


@cache
def _places(device: torch.device) -> Tensor:
    """Return x, y and 1 of each pixel's centre, (3, 784), the image reaching from -1 to 1."""
    centres = (2 * torch.arange(IMAGE_SIZE, device=device) + 1) / IMAGE_SIZE - 1
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)]).reshape(3, INPUT_SIZE)


@cache
def _smooth_bends(device: torch.device) -> Tensor:
    """Return what displacing each of the 5 x 5 points does to every pixel, (25, 784), interpolated bicubically."""
    points = torch.eye(_BEND_POINTS**2, device=device).reshape(-1, 1, _BEND_POINTS, _BEND_POINTS)
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return F.interpolate(points, size, mode="bicubic", align_corners=True).reshape(-1, INPUT_SIZE)
