"""Locate, draw and erase ink in a whole batch of images at once."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.preprocessing.drawing import BOX_SIZE
from dropout_mnist.shapes import IMAGE_SIZE

# Padding around each image, in pixels, for lines that reach beyond it.
MARGIN = 8
_SIDE = IMAGE_SIZE + 2 * MARGIN


class Ink:
    """A batch of padded images that can be drawn on.

    Coordinates are pixels of the padded image, x to the right and y down.

    Attributes:
        images: (N, 44, 44) float32, changed by `draw` and `erase`.
        inked: (N, 44, 44) bool, where ink was at the start.
        x, y: (44, 44) float32, the coordinates of each pixel.
        top, bottom, left, right, height, width: (N,) float32, the bounding box of the ink at the start.
        pen: (N,) float32, the estimated stroke width.
    """

    def __init__(self, images: Tensor, generator: torch.Generator) -> None:
        self.images = F.pad(images, (MARGIN,) * 4)
        self.generator = generator
        self.y, self.x = _coordinates(images.device)
        self.inked = self.images > 0.5
        self.top, self.bottom = _ends(self.inked.any(dim=2))
        self.left, self.right = _ends(self.inked.any(dim=1))
        self.height = self.bottom - self.top
        self.width = self.right - self.left
        # A stroke's area is length times width, and its outline is twice its length. Counting pixel edges
        # overestimates an outline by a factor of 4/pi, averaged over all directions.
        edges = self.inked.diff(dim=1).sum(dim=(1, 2)) + self.inked.diff(dim=2).sum(dim=(1, 2))
        self.pen = (2 * 4 / math.pi * self.inked.sum(dim=(1, 2)) / edges.clamp(min=1)).clamp(1.2, 4)

    def uniform(self, low: float, high: float) -> Tensor:
        """Sample one number per image, (N,)."""
        numbers = torch.rand(len(self.images), generator=self.generator, device=self.images.device)
        return low + (high - low) * numbers

    def column(self, row: Tensor) -> Tensor:
        """Return the mean x of the ink in one row of each image, (N,); the bounding box's middle if it is empty."""
        ink = self.inked[torch.arange(len(row), device=row.device), row.round().long()]
        middle = (ink * self.x[0]).sum(dim=1) / ink.sum(dim=1)
        return torch.where(middle.isfinite(), middle, (self.left + self.right) / 2)

    def draw(self, x0: Tensor, y0: Tensor, x1: Tensor, y1: Tensor, where: Tensor | None = None) -> None:
        """Draw a line on each image, with that image's pen.

        Args:
            x0, y0, x1, y1: (N,), the ends of the lines.
            where: (N,) bool, the images to draw on; all if None.
        """
        x0, y0, x1, y1 = (value[:, None, None] for value in (x0, y0, x1, y1))
        dx, dy = x1 - x0, y1 - y0
        along = ((self.x - x0) * dx + (self.y - y0) * dy) / (dx**2 + dy**2).clamp(min=1e-6)
        along = along.clamp(0, 1)
        distance = torch.hypot(self.x - x0 - along * dx, self.y - y0 - along * dy)
        line = (self.pen[:, None, None] / 2 + 0.5 - distance).clamp(0, 1)
        self.images = torch.maximum(self.images, line if where is None else line * where[:, None, None])

    def erase(self, area: Tensor) -> None:
        """Erase the ink in an area, (N, 44, 44) bool, of each image."""
        self.images = self.images * ~area

    def top_within(self, area: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y, each (N,), of the topmost ink in an area, (N, 44, 44) bool, of each image."""
        ink = self.inked & area
        top, _ = _ends(ink.any(dim=2))
        left, right = _ends(ink[torch.arange(len(ink), device=ink.device), top.long()])
        return (left + right) / 2, top

    def fit(self) -> Tensor:
        """Crop and center the images like MNIST: the longer side 20 pixels, the center of mass on pixel 14.

        Returns:
            (N, 28, 28) float32.
        """
        inked = self.images > 0.1
        (top, bottom), (left, right) = _ends(inked.any(dim=2)), _ends(inked.any(dim=1))
        factor = (torch.maximum(bottom - top, right - left) + 1) / BOX_SIZE
        mass = self.images.sum(dim=(1, 2)).clamp(min=1e-6)
        x, y = ((self.images * positions).sum(dim=(1, 2)) / mass for positions in (self.x, self.y))
        offsets = torch.arange(IMAGE_SIZE, device=mass.device) - IMAGE_SIZE / 2
        offset_y, offset_x = torch.meshgrid(offsets, offsets, indexing="ij")
        centers, around = torch.stack([x, y], dim=1), torch.stack([offset_x, offset_y], dim=2)
        positions = centers[:, None, None] + around * factor[:, None, None, None]
        # grid_sample's -1 and 1 are the outer edges of the first and the last pixel.
        grid = (2 * positions + 1) / _SIDE - 1
        return F.grid_sample(self.images[:, None], grid, align_corners=False)[:, 0]


def _coordinates(device: torch.device) -> tuple[Tensor, Tensor]:
    positions = torch.arange(_SIDE, dtype=torch.float32, device=device)
    y, x = torch.meshgrid(positions, positions, indexing="ij")
    return y, x


def _ends(inked: Tensor) -> tuple[Tensor, Tensor]:
    """Return the index of the first and of the last true value in each row, each (N,) float32."""
    length = inked.shape[1]
    flags = inked.byte()
    return flags.argmax(dim=1).float(), length - 1 - flags.flip(1).argmax(dim=1).float()
