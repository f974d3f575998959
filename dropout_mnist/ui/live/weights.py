"""Weights for the live panel, packed once for all visitors."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dropout_mnist.config import TrainConfig
from dropout_mnist.live.weights import pack
from dropout_mnist.storage.shipped import shipped_folder
from dropout_mnist.ui.keeping import keep_latest

if TYPE_CHECKING:
    from dropout_mnist.ui.models import ChosenModel

# Of the weights that were packed last.
PACKED_BYTES = 256_000_000


def default_weights() -> bytes | None:
    """Return the packed weights of the shipped network that answers by default, without torch; None if missing."""
    path = shipped_folder("weights") / f"{TrainConfig.augmented().name}.safetensors"
    return _pack(f"{path}@{path.stat().st_mtime_ns}", path.read_bytes) if path.exists() else None


def packed_weights(model: "ChosenModel") -> bytes:
    """Return the packed weights of a model."""
    return _pack(model.id, model.checkpoint.to_bytes)


def _key(model_id: str, read: Callable[[], bytes]) -> str:
    return model_id


@keep_latest(PACKED_BYTES, bytes.__len__, _key)
def _pack(model_id: str, read: Callable[[], bytes]) -> bytes:
    return pack(read())
