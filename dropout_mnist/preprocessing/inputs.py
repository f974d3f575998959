"""Turn what users pass to `predict` into a batch for the network: arrays, tensors, pictures, or paths to pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dropout_mnist.preprocessing.picture import MAX_FILE_BYTES, open_picture, read_picture
from dropout_mnist.shapes import IMAGE_SIZE, INPUT_SIZE
from dropout_mnist.storage.files import read_file

_SHAPES = "(28, 28), (784,), (N, 28, 28), (N, 1, 28, 28) or (N, 784)"


def scale(images: Tensor) -> Tensor:
    """Turn pixels, uint8 0 to 255 of any shape, into float32 in [0, 1]; leave float32 images as they are.

    Training, testing and drawings all go through here: a network trained on [0, 1] must not be tested on 0 to 255.
    """
    return images.float().div_(255) if images.dtype == torch.uint8 else images


def to_batch(inputs: Any) -> tuple[Tensor, bool]:
    """Turn one or many images into a batch.

    Args:
        inputs: one of these, or a list of them:
            - an array, a tensor or nested lists of shape (28, 28), (784,), (N, 28, 28), (N, 1, 28, 28) or (N, 784):
              uint8 pixels from 0 for background to 255 for ink, or floats from 0 to 1;
            - a PIL image of any size and mode, or a path (str or Path) to a picture of one digit.

    Returns:
        the batch, (N, 784), uint8 pixels or float32 in [0, 1]; and whether `inputs` was a single image.

    Raises:
        ValueError: the shape, the type or the range of the values is another one.
        PictureError: a picture cannot be read, or does not show one digit.
        OSError: a file cannot be read.
    """
    if isinstance(inputs, str | Path | Image.Image):
        return _read(inputs), True
    if isinstance(inputs, Sequence) and inputs and not isinstance(inputs[0], int | float):
        if all(isinstance(item, str | Path | Image.Image) for item in inputs):
            return torch.cat([_read(item) for item in inputs]), False
        if any(isinstance(item, np.ndarray | Tensor) for item in inputs):
            return torch.cat([_check(item)[0] for item in inputs]), False
    return _check(inputs)


def _read(picture: str | Path | Image.Image) -> Tensor:
    image = picture if isinstance(picture, Image.Image) else open_picture(read_file(picture, MAX_FILE_BYTES))
    return torch.from_numpy(read_picture(image)).reshape(1, INPUT_SIZE)


def _check(values: Any) -> tuple[Tensor, bool]:
    try:
        images = values.detach() if isinstance(values, Tensor) else torch.from_numpy(np.array(values))
    except (TypeError, ValueError):
        raise ValueError(
            f"images must be an array or tensor of shape {_SHAPES}, a picture or a path, not {values!r:.80}"
        ) from None
    shape = tuple(images.shape)
    single = shape in ((IMAGE_SIZE, IMAGE_SIZE), (INPUT_SIZE,))
    if not single and shape[1:] not in ((IMAGE_SIZE, IMAGE_SIZE), (1, IMAGE_SIZE, IMAGE_SIZE), (INPUT_SIZE,)):
        raise ValueError(
            f"images must have the shape {_SHAPES}, not {shape}; "
            "for a picture of another size, pass its path or PIL.Image.fromarray(array)"
        )
    images = images.reshape(-1, INPUT_SIZE)
    if images.dtype == torch.uint8:
        return images, single
    if not images.is_floating_point():
        raise ValueError(f"images must be uint8 (0 to 255) or float (0 to 1), not {images.dtype}: convert them first")
    images = images.float()
    if images.numel() and not (images.amin() >= 0 and images.amax() <= 1):
        raise ValueError(
            f"float images must lie between 0 and 1, not between {images.amin():g} and {images.amax():g}: "
            "divide by 255, or pass uint8 pixels"
        )
    return images, single
