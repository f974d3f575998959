"""Six ways to spoil pictures of digits, each in five severities, with implementations of our own.

They follow the idea of Mu & Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", arXiv 1906.02337 (2019).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.shapes import IMAGE_SIZE, INPUT_SIZE

SEVERITIES = (1, 2, 3, 4, 5)

# A place for the center of an occlusion is at least this far from the border, in pixels: there is ink.
_INNER = 8


def corrupt(images: Tensor, corruption: str, severity: int, seed: int) -> Tensor:
    """Return corrupted images, (N, 784) float32 in [0, 1].

    Args:
        images: (N, 784) float32 in [0, 1].
        corruption: a key of `CORRUPTIONS`.
        severity: 0, which changes nothing, to 5.
        seed: decides noise, places and directions.

    Raises:
        ValueError: there is no such corruption or severity.
    """
    if corruption not in CORRUPTIONS:
        raise ValueError(f"corruption must be one of {', '.join(CORRUPTIONS)}, not {corruption!r}")
    if severity not in (0, *SEVERITIES):
        raise ValueError(f"severity must be 0 to {max(SEVERITIES)}, not {severity!r}")
    if not severity:
        return images
    square = images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    generator = torch.Generator().manual_seed(seed)
    return CORRUPTIONS[corruption](square, severity, generator).clamp(0, 1).reshape(-1, INPUT_SIZE)


def _add_noise(images: Tensor, severity: int, generator: torch.Generator) -> Tensor:
    """Add Gaussian noise with a standard deviation of 0.1 per severity."""
    return images + 0.1 * severity * torch.randn(images.shape, generator=generator)


def _blur(images: Tensor, severity: int, generator: torch.Generator) -> Tensor:
    """Blur by a Gaussian with a standard deviation of 0.5 pixels per severity."""
    offsets = torch.arange(-IMAGE_SIZE // 2, IMAGE_SIZE // 2 + 1, dtype=images.dtype)
    kernel = (-(offsets**2) / (2 * (0.5 * severity) ** 2)).exp()
    kernel = (kernel / kernel.sum()).reshape(1, 1, 1, -1)
    rows = F.conv2d(images[:, None], kernel, padding="same")
    return F.conv2d(rows, kernel.mT, padding="same")[:, 0]


def _occlude(images: Tensor, severity: int, generator: torch.Generator) -> Tensor:
    """Cover a black square with sides of about 3 pixels per severity."""
    centers = torch.randint(_INNER, IMAGE_SIZE - _INNER, (2, len(images), 1), generator=generator)
    near = (torch.arange(IMAGE_SIZE) - centers).abs() <= 1.5 * severity
    return images * ~(near[0][:, :, None] & near[1][:, None, :])


def _shift(images: Tensor, severity: int, generator: torch.Generator) -> Tensor:
    """Shift by 1.5 pixels per severity in a random direction."""
    angles = 2 * math.pi * torch.rand(len(images), generator=generator)
    distance = 1.5 * severity * 2 / IMAGE_SIZE  # in halves of the image
    maps = torch.eye(2, 3).repeat(len(images), 1, 1)
    maps[:, :, 2] = torch.stack([angles.cos(), angles.sin()], dim=1) * distance
    grid = F.affine_grid(maps, [len(images), 1, IMAGE_SIZE, IMAGE_SIZE], align_corners=False)
    return F.grid_sample(images[:, None], grid, align_corners=False)[:, 0]


def _thicken(images: Tensor, severity: int, generator: torch.Generator) -> Tensor:
    """Make strokes half a pixel wider on each side per severity."""
    steps, half = divmod(severity, 2)
    for _ in range(steps):
        images = F.max_pool2d(images[:, None], 3, stride=1, padding=1)[:, 0]
    wider = F.max_pool2d(images[:, None], 3, stride=1, padding=1)[:, 0]
    return images + half * 0.5 * (wider - images)


def _fade(images: Tensor, severity: int, generator: torch.Generator) -> Tensor:
    """Reduce the contrast to the mean brightness by 18% per severity."""
    mean = images.mean(dim=(1, 2), keepdim=True)
    return mean + (1 - 0.18 * severity) * (images - mean)


# Each maps (N, 28, 28) float32 in [0, 1], a severity and a source of randomness to images that are clipped afterwards.
CORRUPTIONS: dict[str, Callable[[Tensor, int, torch.Generator], Tensor]] = {
    "noise": _add_noise,
    "blur": _blur,
    "occlusion": _occlude,
    "shift": _shift,
    "thickness": _thicken,
    "contrast": _fade,
}
