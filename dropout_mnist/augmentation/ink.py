"""Ink on a batch of images: where it is, more of it drawn, some of it erased; all images at once."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.preprocessing.drawing import BOX_SIZE
from dropout_mnist.shapes import IMAGE_SIZE

# Room around the image for what sticks out of it, in pixels.
MARGIN = 8
_SIDE = IMAGE_SIZE + 2 * MARGIN


class Glyphs:
    """Images of one digit with room around them, (n, 44, 44) float32, and where their ink is, each (n,)."""

    def __init__(self, images: Tensor, generator: torch.Generator) -> None:
        self.images = F.pad(images, (MARGIN,) * 4)
        self.generator = generator
        self.y, self.x = _coordinates(images.device)
        self.ink = self.images > 0.5
        self.top, self.bottom = _ends(self.ink.any(dim=2))
        self.left, self.right = _ends(self.ink.any(dim=1))
        self.height = self.bottom - self.top
        self.width = self.right - self.left
        # A stroke's area is its length times its width, its outline twice its length. An outline that is
        # counted along the pixels' edges is longer than it is, by 4/pi for a stroke in any direction.
        edges = self.ink.diff(dim=1).sum(dim=(1, 2)) + self.ink.diff(dim=2).sum(dim=(1, 2))
        self.pen = (2 * 4 / math.pi * self.ink.sum(dim=(1, 2)) / edges.clamp(min=1)).clamp(1.2, 4)

    def uniform(self, low: float, high: float) -> Tensor:
        """Draw a number for each image."""
        numbers = torch.rand(len(self.images), generator=self.generator, device=self.images.device)
        return low + (high - low) * numbers

    def column(self, row: Tensor) -> Tensor:
        """Return the middle of the ink in one row of each image; the image's middle if that row is empty."""
        ink = self.ink[torch.arange(len(row), device=row.device), row.round().long()]
        middle = (ink * self.x[0]).sum(dim=1) / ink.sum(dim=1)
        return torch.where(middle.isfinite(), middle, (self.left + self.right) / 2)

    def draw(self, x0: Tensor, y0: Tensor, x1: Tensor, y1: Tensor, where: Tensor | None = None) -> None:
        """Draw a line with the pen of each image, or of those `where` it is true."""
        x0, y0, x1, y1 = (value[:, None, None] for value in (x0, y0, x1, y1))
        dx, dy = x1 - x0, y1 - y0
        along = ((self.x - x0) * dx + (self.y - y0) * dy) / (dx**2 + dy**2).clamp(min=1e-6)
        along = along.clamp(0, 1)
        distance = torch.hypot(self.x - x0 - along * dx, self.y - y0 - along * dy)
        line = (self.pen[:, None, None] / 2 + 0.5 - distance).clamp(0, 1)
        self.images = torch.maximum(self.images, line if where is None else line * where[:, None, None])

    def erase(self, area: Tensor) -> None:
        """Take away the ink in an area, (n, 44, 44) bool, of each image."""
        self.images = self.images * ~area

    def top_within(self, area: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y of the topmost ink in an area, (n, 44, 44) bool; each (n,)."""
        ink = self.ink & area
        top, _ = _ends(ink.any(dim=2))
        left, right = _ends(ink[torch.arange(len(ink), device=ink.device), top.long()])
        return (left + right) / 2, top

    def fit(self) -> Tensor:
        """Return the images as MNIST's are made: the ink's longer side 20 pixels, its centre of mass on pixel 14.

        Returns:
            (n, 28, 28) float32.
        """
        inked = self.images > 0.1
        (top, bottom), (left, right) = _ends(inked.any(dim=2)), _ends(inked.any(dim=1))
        factor = (torch.maximum(bottom - top, right - left) + 1) / BOX_SIZE
        mass = self.images.sum(dim=(1, 2)).clamp(min=1e-6)
        x, y = ((self.images * places).sum(dim=(1, 2)) / mass for places in (self.x, self.y))
        offsets = torch.arange(IMAGE_SIZE, device=mass.device) - IMAGE_SIZE / 2
        offset_y, offset_x = torch.meshgrid(offsets, offsets, indexing="ij")
        centres, around = torch.stack([x, y], dim=1), torch.stack([offset_x, offset_y], dim=2)
        places = centres[:, None, None] + around * factor[:, None, None, None]
        # grid_sample counts from the outer edge of the first pixel, -1, to that of the last, 1.
        grid = (2 * places + 1) / _SIDE - 1
        return F.grid_sample(self.images[:, None], grid, align_corners=False)[:, 0]


def _coordinates(device: torch.device) -> tuple[Tensor, Tensor]:
    numbers = torch.arange(_SIDE, dtype=torch.float32, device=device)
    y, x = torch.meshgrid(numbers, numbers, indexing="ij")
    return y, x


def _ends(inked: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and the last true place in each row, (n,) float32."""
    length = inked.shape[1]
    flags = inked.byte()
    return flags.argmax(dim=1).float(), length - 1 - flags.flip(1).argmax(dim=1).float()
