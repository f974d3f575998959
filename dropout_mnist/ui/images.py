"""Pictures as URLs that hold them, among them small digits enlarged so that every pixel can be seen."""

import base64
import io

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from dropout_mnist.shapes import IMAGE_SIZE


def enlarged_url(pixels: ArrayLike, factor: int) -> str:
    """Return a `data:` URL of 784 pixels, uint8 of any shape, as a PNG whose pixels are `factor` wide.

    It is for `st.image`, which would otherwise offer the image for download and take it away again at the next
    rerun, perhaps before the browser has come for it.
    """
    square = np.asarray(pixels, dtype=np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
    return png_url(square.repeat(factor, axis=0).repeat(factor, axis=1))


def png_url(picture: NDArray[np.uint8]) -> str:
    """Return a `data:` URL of a picture, (H, W) grey or (H, W, 3) coloured, uint8."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
