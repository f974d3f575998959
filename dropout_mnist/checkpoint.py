"""One file holds everything about a trained network: `<name>.safetensors`.

The weights are its tensors. Config, history, checksum of the data set, measured accuracy and versions are in its
metadata.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Split
from dropout_mnist.evaluation import EpochResult, Evaluation, Prediction, evaluate, predict
from dropout_mnist.messages.message import Message, message_of
from dropout_mnist.model import MLP
from dropout_mnist.storage.envelope import Envelope, EnvelopeError
from dropout_mnist.storage.files import read_file, write_atomically

ENVELOPE = Envelope(key="dropout_mnist", format=1)
# The largest network that a config describes has 4 GB. Its metadata take less than 1 MB.
MAX_FILE_SIZE = 4 * TrainConfig(hidden_sizes=(8_192,) * 16).weight_count + 1_000_000


class CheckpointError(Exception):
    """A file is not a checkpoint of this project, or a damaged one; the message says what is wrong with it."""


@dataclass(frozen=True, repr=False)
class Checkpoint:
    """A trained network with all that is known about it.

    Attributes:
        model: on the CPU, in eval mode. It may be shared: never change its mode or weights.
        config: what it was trained with.
        history: one result per epoch.
        dataset_checksum: SHA-256 of the data set that it was trained and tested on.
        temperature: the trained logits were divided by it, to calibrate the probabilities.
        correct, total: the number of test images recognized, and of all test images.
        versions: of Python and torch, device and precision that it was trained with.
        own_digits: how many digits of one person it learned from after that training (`dropout_mnist.adaptation`).
            Accuracy is that of the network after them, history and temperature are those from before.
    """

    model: MLP
    config: TrainConfig
    history: tuple[EpochResult, ...]
    dataset_checksum: str
    temperature: float
    correct: int
    total: int
    versions: dict[str, str]
    own_digits: int = 0

    def __repr__(self) -> str:
        return f"Checkpoint({self.name!r}, test_accuracy={self.test_accuracy:.4f})"

    @property
    def name(self) -> str:
        """The file's name without its suffix: the config's name, with a suffix if it has learned a person's hand."""
        return f"{self.config.name}-hand{self.own_digits}" if self.own_digits else self.config.name

    @property
    def test_accuracy(self) -> float:
        """The fraction of test images recognized."""
        return self.correct / self.total

    def predict(self, images: Any) -> Prediction | list[Prediction]:
        """Recognize one digit or many, given as arrays, tensors, pictures or paths: see `evaluation.predict`."""
        return predict(self.model, images)

    def evaluate(self, split: Split) -> Evaluation:
        """Evaluate the network on a split, such as `load_dataset("mnist").test`: see `evaluation.evaluate`."""
        return evaluate(self.model, split)

    def to_bytes(self) -> bytes:
        """Return the contents of the checkpoint's file."""
        description = {
            "config": self.config.to_dict(),
            "history": [asdict(result) for result in self.history],
            "dataset_checksum": self.dataset_checksum,
            "temperature": self.temperature,
            "correct": self.correct,
            "total": self.total,
            "versions": self.versions,
        }
        if self.own_digits:
            description["own_digits"] = self.own_digits
        return ENVELOPE.pack(description, self.model.state_dict())

    def save(self, path: str | Path) -> None:
        """Write the checkpoint to `path`, atomically; the folder is created if it is missing.

        Raises:
            OSError: the folder cannot be written to, or the disk is full.
        """
        write_atomically(Path(path), self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read and verify the checkpoint at `path`.

        Raises:
            CheckpointError: there is no such file, or it is not a complete checkpoint.
        """
        path = Path(path)
        try:
            data = read_file(path, MAX_FILE_SIZE)
        except OSError as error:
            raise CheckpointError(
                Message("{name} cannot be read: {error}", name=str(path), error=error.strerror)
            ) from error
        return cls.from_bytes(data, path.name)

    @staticmethod
    def read_config(path: str | Path) -> TrainConfig:
        """Return the config of the checkpoint at `path`; the weights are neither read nor verified.

        Raises:
            CheckpointError: it does not say how it was trained.
            OSError: the file cannot be read.
        """
        path = Path(path)
        try:
            return TrainConfig.from_dict(ENVELOPE.describe(path)["config"])
        except (EnvelopeError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                Message("{name} does not say how it was trained: {error}", name=path.name, error=message_of(error))
            ) from None

    @classmethod
    def from_bytes(cls, data: bytes, file_name: str) -> Self:
        """Verify the contents of a checkpoint's file and build the checkpoint from them.

        Args:
            data: the file's contents.
            file_name: for the messages.

        Raises:
            CheckpointError: the contents are not those of a complete checkpoint.
        """
        try:
            description, tensors = ENVELOPE.unpack(data, file_name)
        except EnvelopeError as error:
            raise CheckpointError(message_of(error)) from None
        try:
            config = TrainConfig.from_dict(description["config"])
            return cls(
                model=_build_model(config, tensors, file_name),
                config=config,
                history=_read_history(description["history"], config),
                dataset_checksum=str(description["dataset_checksum"]),
                temperature=_read_temperature(description["temperature"]),
                **_read_accuracy(description["correct"], description["total"]),
                versions={str(key): str(value) for key, value in description["versions"].items()},
                own_digits=_read_own_digits(description.get("own_digits", 0)),
            )
        except KeyError as error:
            raise CheckpointError(
                Message("{name} has incomplete metadata: {key} is missing", name=file_name, key=str(error))
            ) from None
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise CheckpointError(
                Message("{name} has metadata that make no sense: {error}", name=file_name, error=message_of(error))
            ) from None


def _read_history(values: list[dict[str, Any]], config: TrainConfig) -> tuple[EpochResult, ...]:
    history = tuple(EpochResult(**result) for result in values)
    if [result.epoch for result in history] != list(range(1, config.epochs + 1)):
        raise ValueError(Message("the history does not list the config's epochs"))
    return history


def _read_temperature(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise ValueError(Message("temperature must be a number above 0, not {value}", value=f"{value!r:.80}"))
    return float(value)


def _read_accuracy(correct: Any, total: Any) -> dict[str, int]:
    if not (isinstance(correct, int) and isinstance(total, int) and 0 <= correct <= total and total > 0):
        raise ValueError(
            Message("{correct} of {total} is not an accuracy", correct=f"{correct!r:.80}", total=f"{total!r:.80}")
        )
    return {"correct": correct, "total": total}


def _read_own_digits(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(Message("own_digits must be a whole number from 0 on, not {value}", value=f"{value!r:.80}"))
    return value


def _build_model(config: TrainConfig, tensors: dict[str, torch.Tensor], file_name: str) -> MLP:
    with torch.device("meta"):  # shapes only: a file's claims about them must not cost memory
        model = MLP(config.hidden_sizes, config.drop_prob, dropout_kind=config.dropout_kind)
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if unknown := sorted(set(expected) ^ set(tensors)):
        raise CheckpointError(
            Message("{name} has missing or unknown weights: {names}", name=file_name, names=", ".join(unknown)[:200])
        )
    for name, tensor in tensors.items():
        if tuple(tensor.shape) != expected[name]:
            raise CheckpointError(
                Message(
                    "{name} has weights of the wrong shape: {tensor} is {found}, not {expected}",
                    name=file_name,
                    tensor=name,
                    found=str(tuple(tensor.shape)),
                    expected=str(expected[name]),
                )
            )
        if tensor.dtype != torch.float32:
            raise CheckpointError(
                Message(
                    "{name} has weights of the wrong type: {tensor} is {found}, not float32",
                    name=file_name,
                    tensor=name,
                    found=str(tensor.dtype),
                )
            )
        if not torch.isfinite(tensor).all():
            raise CheckpointError(
                Message("{name} has weights that are not finite numbers: {tensor}", name=file_name, tensor=name)
            )
    model.load_state_dict(tensors, assign=True)
    return model.eval().requires_grad_(False)
