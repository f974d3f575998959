"""What is kept of a training after each epoch, so that one whose process is killed can be gone on with.

One safetensors file for each training, in a folder of its own beside the checkpoints: the learner's tensors, and
config, history and owner as JSON in its metadata. It is written atomically and removed once the training has ended.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError, safe_open

from dropout_mnist.checkpoints.folder import SUFFIX, user_weights_folder, weights_folder
from dropout_mnist.config import TrainConfig
from dropout_mnist.storage.files import write_atomically
from dropout_mnist.training import EpochResult, TrainingState

_FOLDER = "interrupted"
_METADATA_KEY = "dropout_mnist_training"


@dataclass(frozen=True)
class Interruption:
    """A training that has not ended, as far as the files tell.

    Attributes:
        config: what was trained.
        history: the finished epochs.
        owner: who asked for it.
    """

    config: TrainConfig
    history: tuple[EpochResult, ...]
    owner: str


def save_state(config: TrainConfig, state: TrainingState, owner: str = "") -> None:
    """Write what a training needs to go on; where nothing can be written, the training goes on without."""
    description = {
        "config": config.to_dict(),
        "history": [asdict(result) for result in state.history],
        "owner": owner,
    }
    tensors = {name: tensor.contiguous() for name, tensor in state.tensors.items()}
    data = safetensors.torch.save(tensors, {_METADATA_KEY: json.dumps(description)})
    for folder in _folders():
        with suppress(OSError):
            write_atomically(folder / (config.name + SUFFIX), data)
            return


def load_state(config: TrainConfig) -> TrainingState | None:
    """Return where the training of exactly this config was, None if there is nothing whole to go on with."""
    for path in _paths(config):
        interruption = _read(path)
        if interruption is not None and interruption.config == config:
            with suppress(SafetensorError, OSError):
                return TrainingState(interruption.history, safetensors.torch.load_file(path))
    return None


def discard_state(config: TrainConfig) -> None:
    """Remove what was kept of a training, if anything was."""
    for path in _paths(config):
        with suppress(OSError):
            path.unlink()


def list_interruptions(owner: str) -> list[Interruption]:
    """Return a person's trainings that have not ended, sorted by name; those at work are among them."""
    paths = [path for folder in _folders() for path in sorted(folder.glob(f"*{SUFFIX}"))]
    return [found for path in paths if (found := _read(path)) is not None and found.owner == owner]


def _folders() -> tuple[Path, ...]:
    return (weights_folder() / _FOLDER, user_weights_folder() / _FOLDER)


def _paths(config: TrainConfig) -> Iterator[Path]:
    paths = (folder / (config.name + SUFFIX) for folder in _folders())
    return (path for path in paths if path.exists())


def _read(path: Path) -> Interruption | None:
    """Return what a file says of its training, None if it is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            description = json.loads((file.metadata() or {})[_METADATA_KEY])
        config = TrainConfig.from_dict(description["config"])
        history = tuple(EpochResult(**result) for result in description["history"])
        return Interruption(config, history, str(description["owner"]))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError):
        return None
