"""Images as `data:` URLs, and 28 x 28 images enlarged so that every pixel is visible."""

import base64
import io

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from dropout_mnist.shapes import IMAGE_SIZE


def enlarged_url(pixels: ArrayLike, factor: int) -> str:
    """Return a `data:` URL of 784 pixels, uint8 of any shape, as a PNG `factor` times as large.

    Pass it to `st.image`. Streamlit would offer an array for download instead, and remove the file at the next rerun,
    perhaps before the browser has fetched it.
    """
    square = np.asarray(pixels, dtype=np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
    return png_url(square.repeat(factor, axis=0).repeat(factor, axis=1))


def png_url(image: NDArray[np.uint8]) -> str:
    """Return a `data:` URL of an image as a PNG, uint8: (H, W) grayscale or (H, W, 3) RGB."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
