"""What `predict` accepts: the same digit in every form gives the same answer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.evaluation import Prediction
from dropout_mnist.preprocessing.inputs import scale, to_batch
from dropout_mnist.preprocessing.picture import PictureError

from .conftest import SHIPPED_WEIGHTS

PIXELS = np.zeros((28, 28), np.uint8)
PIXELS[4:24, 13:16] = 255


@pytest.fixture(scope="session")
def model() -> Checkpoint:
    return Checkpoint.load(SHIPPED_WEIGHTS / "augmented.safetensors")


SINGLE: dict[str, Any] = {
    "pixels": PIXELS,
    "row of pixels": PIXELS.reshape(784),
    "floats": PIXELS / 255,
    "half floats": (PIXELS / 255).astype(np.float16),
    "tensor": torch.from_numpy(PIXELS),
    "tensor of floats": torch.from_numpy(PIXELS / 255),
    "tensor with gradients": torch.from_numpy(PIXELS / 255).requires_grad_(),
    "picture": Image.fromarray(PIXELS),
}

SEVERAL: dict[str, Any] = {
    "pixels": np.stack([PIXELS, PIXELS]),
    "rows": np.stack([PIXELS, PIXELS]).reshape(2, 784),
    "channels": torch.from_numpy(np.stack([PIXELS, PIXELS]) / 255)[:, None],
    "list of arrays": [PIXELS, PIXELS / 255],
    "list of tensors": [torch.from_numpy(PIXELS)] * 2,
    "list of pictures": [Image.fromarray(PIXELS)] * 2,
    "nested lists of floats": (np.stack([PIXELS, PIXELS]) / 255).tolist(),
}


@pytest.mark.parametrize("image", SINGLE.values(), ids=SINGLE)
def test_one_image_gives_one_answer(model: Checkpoint, image: Any) -> None:
    answer = model.predict(image)
    assert isinstance(answer, Prediction)
    assert answer.digit == 1
    assert answer.confidence > 0.9


@pytest.mark.parametrize("images", SEVERAL.values(), ids=SEVERAL)
def test_many_images_give_a_list(model: Checkpoint, images: Any) -> None:
    answers = model.predict(images)
    assert isinstance(answers, list)
    assert [answer.digit for answer in answers] == [1, 1]


def test_floats_and_pixels_give_the_same_probabilities(model: Checkpoint) -> None:
    one, other = model.predict(np.stack([PIXELS])), model.predict(np.stack([PIXELS]) / 255)
    assert one[0].probs == pytest.approx(other[0].probs, abs=1e-6)  # type: ignore[index]


def test_paths_are_read(model: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    Image.fromarray(255 - PIXELS.repeat(10, axis=0).repeat(10, axis=1)).save(path)
    assert model.predict(path).digit == model.predict(str(path)).digit == 1  # type: ignore[union-attr]
    assert [answer.digit for answer in model.predict([path, str(path)])] == [1, 1]  # type: ignore[union-attr]
    with pytest.raises(FileNotFoundError):
        model.predict(tmp_path / "nothing.png")
    path.write_text("not a picture")
    with pytest.raises(PictureError, match="not a picture"):
        model.predict(path)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (PIXELS.astype(float), "float images must lie between 0 and 1, not between 0 and 255: divide by 255"),
        (PIXELS.astype(np.int64), "images must be uint8 .* or float .*, not torch.int64"),
        (np.full((28, 28), np.nan), "float images must lie between 0 and 1, not between nan and nan"),
        (np.full((28, 28), -0.1), "float images must lie between 0 and 1"),
        (np.zeros((30, 28), np.uint8), r"must have the shape .*, not \(30, 28\); for a picture of another size"),
        (np.zeros((480, 640, 3), np.uint8), r"not \(480, 640, 3\).*PIL.Image.fromarray"),
        (np.uint8(7), r"must have the shape .*, not \(\)"),
        ([], r"must have the shape .*, not \(0,\)"),
        (None, "must be an array or tensor of shape"),
        ({"digit": 3}, "must be an array or tensor of shape"),
        ([[0.0, 1.0], [0.0]], "must be an array or tensor of shape"),
    ],
    ids=[
        "floats to 255",
        "integers",
        "not a number",
        "negative",
        "other size",
        "photo",
        "one number",
        "empty list",
        "None",
        "mapping",
        "uneven lists",
    ],
)
def test_other_inputs_are_refused_by_name(model: Checkpoint, images: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        model.predict(images)


def test_empty_batch_gives_an_empty_list(model: Checkpoint) -> None:
    assert model.predict(np.zeros((0, 784), np.uint8)) == []


def test_batch_keeps_pixels_as_pixels() -> None:
    batch, single = to_batch(PIXELS)
    assert (batch.dtype, tuple(batch.shape), single) == (torch.uint8, (1, 784), True)
    assert scale(batch).max() == 1
    assert scale(scale(batch)).max() == 1
