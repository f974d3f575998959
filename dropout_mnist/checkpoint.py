"""One file holds everything about a trained model: `<name>.safetensors`.

The weights are its tensors. Config, history, data set with its checksum, measured accuracy and versions are
JSON in its metadata. There is no pickle anywhere, so opening somebody's file cannot run code.
"""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from dropout_mnist.augmentation.recipes import write_anew
from dropout_mnist.calibration import apply_temperature, fit_temperature
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.evaluation import evaluate
from dropout_mnist.model import MLP
from dropout_mnist.storage.files import write_atomically
from dropout_mnist.training import EpochResult, choose_images, inference_copy, uses_bfloat16

METADATA_KEY = "dropout_mnist"
FORMAT = 1
MAX_FILE_SIZE = 2**28


class CheckpointError(Exception):
    """A file is no checkpoint of this project, or a damaged one; the message says what is wrong with it."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained model with all that is known about it.

    Attributes:
        model: on the CPU, in eval mode. It may be shared: never change its mode or weights.
        config: what it was trained with.
        history: one result per epoch.
        dataset_checksum: SHA-256 of the data set that it was trained and tested on.
        temperature: the logits that were trained were divided by it, to calibrate the probabilities.
        correct, total: recognised images of the test set, and all of them.
        versions: of Python and torch, device and precision, that it was trained with.
    """

    model: MLP
    config: TrainConfig
    history: tuple[EpochResult, ...]
    dataset_checksum: str
    temperature: float
    correct: int
    total: int
    versions: dict[str, str]

    @property
    def name(self) -> str:
        """The config's name, which is the file's name without its ending."""
        return self.config.name

    @property
    def test_accuracy(self) -> float:
        """The recognised fraction of the test set."""
        return self.correct / self.total


def make_checkpoint(config: TrainConfig, dataset: Dataset, model: MLP, history: Sequence[EpochResult]) -> Checkpoint:
    """Make the checkpoint of a training, finished or stopped: calibrate the model, if images were held out for that.

    Its accuracy is measured here, on the CPU.

    A training stopped after 3 of 15 epochs did exactly what one of 3 epochs does, so its config says 3.

    Raises:
        ValueError: not a single epoch was finished.
    """
    if not history:
        raise ValueError("no epoch was finished, so there is nothing to keep")
    device = model.device.type
    low_precision = uses_bfloat16(config.precision, model.device)
    model = inference_copy(model)
    temperature = _calibrate(model, config, dataset)
    evaluation = evaluate(model, dataset.test)
    return Checkpoint(
        model=model,
        config=replace(config, epochs=len(history)),
        history=tuple(history),
        dataset_checksum=dataset.checksum,
        temperature=temperature,
        correct=evaluation.correct,
        total=evaluation.total,
        versions={
            "python": platform.python_version(),
            "torch": version("torch"),
            "device": device,
            "precision": "bf16" if low_precision else "fp32",
        },
    )


def _calibrate(model: MLP, config: TrainConfig, dataset: Dataset) -> float:
    _, held_out = choose_images(config, dataset)
    if not len(held_out):
        return 1.0
    images = write_anew(held_out, torch.Generator().manual_seed(config.seed))
    with torch.inference_mode():
        temperature = fit_temperature(model(images), held_out.labels)
    apply_temperature(model, temperature)
    return temperature


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the contents of the checkpoint's file."""
    description = {
        "format": FORMAT,
        "config": checkpoint.config.to_dict(),
        "history": [asdict(result) for result in checkpoint.history],
        "dataset_checksum": checkpoint.dataset_checksum,
        "temperature": checkpoint.temperature,
        "correct": checkpoint.correct,
        "total": checkpoint.total,
        "versions": checkpoint.versions,
    }
    tensors = {name: tensor.contiguous() for name, tensor in checkpoint.model.state_dict().items()}
    encoded: bytes = safetensors.torch.save(tensors, {METADATA_KEY: json.dumps(description)})
    return encoded


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write the checkpoint to `path`, atomically.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    write_atomically(path, encode_checkpoint(checkpoint))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read and verify the checkpoint at `path`.

    Raises:
        CheckpointError: there is no file, or it is not a whole checkpoint.
    """
    try:
        if path.stat().st_size > MAX_FILE_SIZE:
            raise CheckpointError(f"{path.name} is too large for a checkpoint (over {MAX_FILE_SIZE >> 20} MiB)")
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    return decode_checkpoint(data, path.name)


def decode_checkpoint(data: bytes, file_name: str) -> Checkpoint:
    """Verify the contents of a checkpoint's file and build the checkpoint from them.

    Args:
        data: the file's contents.
        file_name: named in the messages.

    Raises:
        CheckpointError: anything about it is not as it should be.
    """
    try:
        tensors = safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        if data.startswith((b"\x80", b"PK\x03\x04")):
            raise CheckpointError(f"{file_name} is a pickle, which could run code when it is opened: refused") from None
        raise CheckpointError(f"{file_name} is not a whole safetensors file: {error}") from None
    description = _read_description(data, file_name)
    try:
        config = TrainConfig.from_dict(description["config"])
        history = tuple(EpochResult(**result) for result in description["history"])
        correct, total = description["correct"], description["total"]
        checkpoint = Checkpoint(
            model=_build_model(config, tensors, file_name),
            config=config,
            history=history,
            dataset_checksum=str(description["dataset_checksum"]),
            temperature=description.get("temperature", 1.0),
            correct=correct,
            total=total,
            versions={str(key): str(value) for key, value in description["versions"].items()},
        )
        if not (isinstance(correct, int) and isinstance(total, int) and 0 <= correct <= total and total > 0):
            raise ValueError(f"{correct!r} of {total!r} is no accuracy")
        if not _is_measurement("temperature", checkpoint.temperature) or not checkpoint.temperature:
            raise ValueError(f"{checkpoint.temperature!r} is no temperature")
        if [result.epoch for result in history] != list(range(1, config.epochs + 1)):
            raise ValueError("the history does not list the config's epochs")
        if not all(_is_measurement(name, value) for result in history for name, value in asdict(result).items()):
            raise ValueError("the history holds something else than measurements")
    except KeyError as error:
        raise CheckpointError(f"{file_name} has incomplete metadata: {error} is missing") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise CheckpointError(f"{file_name} has metadata that make no sense: {error}") from None
    return checkpoint


def _read_description(data: bytes, file_name: str) -> dict[str, Any]:
    # The header's place and form are the format's: 8 bytes of length, then JSON. safetensors reads metadata
    # from paths only, and it has checked this header already.
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    text = (header.get("__metadata__") or {}).get(METADATA_KEY)
    if text is None:
        raise CheckpointError(f"{file_name} has no metadata of dropout_mnist: it does not say how it was trained")
    try:
        description = json.loads(text)
    except (ValueError, RecursionError):
        raise CheckpointError(f"{file_name} has metadata that are not JSON") from None
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise CheckpointError(f"{file_name} has metadata of another format than {FORMAT}, the one known here")
    return description


def _build_model(config: TrainConfig, tensors: dict[str, torch.Tensor], file_name: str) -> MLP:
    with torch.device("meta"):  # shapes only: a file's claims about them must not cost memory
        model = MLP(config.hidden_sizes, config.drop_prob)
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if unknown := sorted(set(expected) ^ set(tensors)):
        raise CheckpointError(f"{file_name} has missing or unknown weights: {', '.join(unknown)[:200]}")
    for name, tensor in tensors.items():
        if tuple(tensor.shape) != expected[name]:
            raise CheckpointError(
                f"{file_name} has weights of the wrong shape: {name} is {tuple(tensor.shape)}, not {expected[name]}"
            )
        if tensor.dtype != torch.float32:
            raise CheckpointError(f"{file_name} has weights of the wrong type: {name} is {tensor.dtype}, not float32")
        if not torch.isfinite(tensor).all():
            raise CheckpointError(f"{file_name} has weights that are not finite numbers: {name}")
    model.load_state_dict(tensors, assign=True)
    return model.eval().requires_grad_(False)


def _is_measurement(name: str, value: object) -> bool:
    most = 1.0 if name.endswith("accuracy") else 1e9
    return isinstance(value, int | float) and 0 <= value <= most
