"""Distort training images at random: affine and elastic distortions, pen width and contrast.

The distortions follow Simard, Steinkraus & Platt, "Best Practices for Convolutional Neural Networks Applied to Visual
Document Analysis", ICDAR 2003. A whole batch is distorted at once, with a single resampling.
"""

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.shapes import IMAGE_SIZE, INPUT_SIZE

# The elastic distortion displaces a grid of this many control points in each direction.
_CONTROL_POINTS = 5

# The maximum of each distortion. Amounts are uniform, from the negative maximum (contrast: from 0) to the maximum.
ROTATION = math.radians(15)
SHEAR = 0.2  # horizontal shift per pixel of height
ZOOM = 0.1  # natural logarithm of the scale factor
STRETCH = 0.18  # natural logarithm of the factor by which width grows and height shrinks
SHIFT = 0.04  # in halves of the image
PEN = 0.5  # share of a step that makes strokes one pixel wider, or thinner, on each side
CONTRAST = 0.9  # gain in brightness before clipping at 1, which sharpens the edges
# Standard deviation of the control points' displacements, in halves of the image.
ELASTIC = 0.05


def distort(images: Tensor, generator: torch.Generator) -> Tensor:
    """Apply a random affine and elastic distortion, pen width and contrast to each image.

    Args:
        images: (N, 28, 28) float32 in [0, 1].
        generator: the source of all randomness, on the same device as the images.

    Returns:
        (N, 28, 28) float32 in [0, 1].
    """
    return _vary_pen(_warp(images, generator), generator)


def _warp(images: Tensor, generator: torch.Generator) -> Tensor:
    count, device = len(images), images.device

    def uniform(maximum: float) -> Tensor:
        return (torch.rand(count, generator=generator, device=device) * 2 - 1) * maximum

    # These map each output pixel to the place in the input that it is sampled from.
    angle, shear, zoom, stretch = uniform(ROTATION), uniform(SHEAR), uniform(ZOOM), uniform(STRETCH)
    width, height = (zoom + stretch).exp(), (zoom - stretch).exp()
    cos, sin = angle.cos(), angle.sin()
    x = torch.stack([cos * width, shear * cos * width - sin * height, uniform(SHIFT)], dim=1)
    y = torch.stack([sin * width, shear * sin * width + cos * height, uniform(SHIFT)], dim=1)
    positions = torch.stack([x, y], dim=1) @ _pixel_centers(device)
    displacements = torch.randn(count, 2, _CONTROL_POINTS**2, generator=generator, device=device) * ELASTIC
    positions += displacements @ _control_point_weights(device)
    grid = positions.reshape(count, 2, IMAGE_SIZE, IMAGE_SIZE).permute(0, 2, 3, 1)
    return F.grid_sample(images[:, None], grid, align_corners=False)[:, 0]


def _vary_pen(images: Tensor, generator: torch.Generator) -> Tensor:
    amounts = torch.rand(2, len(images), 1, 1, generator=generator, device=images.device)
    change = (amounts[0] * 2 - 1) * PEN
    wider, thinner = _reduce_neighbors(images, torch.maximum), _reduce_neighbors(images, torch.minimum)
    images = images + change.clamp(min=0) * (wider - images) + change.clamp(max=0) * (images - thinner)
    return (images * (1 + amounts[1] * CONTRAST)).clamp(0, 1)


def _reduce_neighbors(images: Tensor, choose: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Return the maximum or minimum over each pixel and its eight neighbors, (N, 28, 28)."""
    # Rows of 784 are many times faster. There, the end of a line is a neighbor of the next line's start, which is
    # harmless: both are background.
    chosen = images.reshape(-1, INPUT_SIZE)
    for step in (1, IMAGE_SIZE):
        before, after = chosen[:, :-step], chosen[:, step:]
        chosen = chosen.clone()
        chosen[:, step:] = choose(chosen[:, step:], before)
        chosen[:, :-step] = choose(chosen[:, :-step], after)
    return chosen.reshape(images.shape)


@cache
def _pixel_centers(device: torch.device) -> Tensor:
    """Return the homogeneous coordinates x, y, 1 of each pixel's center, (3, 784); the image spans -1 to 1."""
    centers = (2 * torch.arange(IMAGE_SIZE, device=device) + 1) / IMAGE_SIZE - 1
    y, x = torch.meshgrid(centers, centers, indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)]).reshape(3, INPUT_SIZE)


@cache
def _control_point_weights(device: torch.device) -> Tensor:
    """Return the weight of each of the 5 x 5 control points at every pixel, (25, 784), by bicubic interpolation."""
    points = torch.eye(_CONTROL_POINTS**2, device=device).reshape(-1, 1, _CONTROL_POINTS, _CONTROL_POINTS)
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return F.interpolate(points, size, mode="bicubic", align_corners=True).reshape(-1, INPUT_SIZE)
