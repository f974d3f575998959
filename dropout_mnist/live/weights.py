"""Pack a checkpoint's weights for the browser: half the size, and read without torch."""

import json
from typing import Any

import numpy as np
import safetensors.numpy

# The entry of the packed file's metadata that describes the network.
KEY = "live"


def pack(data: bytes) -> bytes:
    """Return a safetensors file of float16 weights, 2.4 MB for the default network.

    Its metadata have the network's `drop_prob` and test accuracy. Probabilities differ from the checkpoint's by less
    than 0.001, which `benchmarks/answer.py` measures.

    Args:
        data: the contents of a checkpoint's file.
    """
    tensors = safetensors.numpy.load(data)
    checkpoint = _describe(data)
    description = {
        "drop_prob": checkpoint["config"]["drop_prob"],
        "test_accuracy": checkpoint["correct"] / checkpoint["total"],
    }
    halved = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
    packed: bytes = safetensors.numpy.save(halved, {KEY: json.dumps(description)})
    return packed


def _describe(data: bytes) -> dict[str, Any]:
    # safetensors reads metadata from files only.
    length = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    description: dict[str, Any] = json.loads(metadata["dropout_mnist"])
    return description
