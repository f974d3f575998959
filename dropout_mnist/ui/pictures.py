"""Small digit images, enlarged so that every pixel can be seen."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dropout_mnist.model import IMAGE_SIZE


def enlarge(pixels: NDArray[np.uint8] | Tensor, factor: int) -> NDArray[np.uint8]:
    """Return 784 pixels, uint8 of any shape, as a square image whose pixels are `factor` wide."""
    square = np.asarray(pixels, dtype=np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
    return square.repeat(factor, axis=0).repeat(factor, axis=1)
