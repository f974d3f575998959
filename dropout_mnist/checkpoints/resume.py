"""Save the state of a run after each epoch, so that a killed run can be resumed.

Each run has one safetensors file in a folder next to the checkpoints. It holds the run's tensors, and in its metadata
config, history, checksum of the data set and owner. It is written atomically, and removed once the run has ended.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dropout_mnist.checkpoints.folder import SUFFIX, user_weights_folder, weights_folder
from dropout_mnist.config import TrainConfig
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.storage.envelope import Envelope, EnvelopeError
from dropout_mnist.storage.files import write_atomically
from dropout_mnist.train_step import StateError
from dropout_mnist.training import TrainingState

ENVELOPE = Envelope(key="dropout_mnist_run", format=1)
_FOLDER = "interrupted"


@dataclass(frozen=True)
class InterruptedRun:
    """A run that has not ended, as far as its file shows.

    Attributes:
        config: the hyperparameters.
        dataset_checksum: SHA-256 of the data set that it trains on.
        history: the finished epochs.
        owner: the visitor who started it.
    """

    config: TrainConfig
    dataset_checksum: str
    history: tuple[EpochResult, ...]
    owner: str


def save_state(state: TrainingState, owner: str = "") -> None:
    """Write what a run needs to resume; where nothing can be written, the run continues without."""
    description = {
        "config": state.config.to_dict(),
        "dataset_checksum": state.dataset_checksum,
        "history": [asdict(result) for result in state.history],
        "owner": owner,
    }
    data = ENVELOPE.pack(description, state.tensors)
    for folder in _folders():
        with suppress(OSError):
            write_atomically(folder / (state.config.name + SUFFIX), data)
            return


def load_state(config: TrainConfig) -> TrainingState | None:
    """Return the saved state of exactly this config, None if there is none.

    Raises:
        StateError: its file is damaged, or was written by another version.
    """
    for path in _paths(config):
        try:
            description, tensors = ENVELOPE.unpack(path.read_bytes(), path.name)
            run = _parse(description)
        except FileNotFoundError:
            continue
        except (EnvelopeError, OSError) as error:
            raise StateError(f"the saved state of {config.name} cannot be read: {error}") from None
        if run.config == config:
            return TrainingState(run.config, run.dataset_checksum, run.history, tensors)
    return None


def discard_state(config: TrainConfig) -> None:
    """Remove the saved state of a run, if there is one."""
    for path in _paths(config):
        with suppress(OSError):
            path.unlink()


def list_interrupted(owner: str) -> list[InterruptedRun]:
    """Return a visitor's runs that have not ended, sorted by name; active runs are among them."""
    runs = []
    for path in sorted(path for folder in _folders() for path in folder.glob(f"*{SUFFIX}")):
        with suppress(EnvelopeError, OSError):
            runs.append(_parse(ENVELOPE.describe(path)))
    return [run for run in runs if run.owner == owner]


def _folders() -> tuple[Path, ...]:
    return (weights_folder() / _FOLDER, user_weights_folder() / _FOLDER)


def _paths(config: TrainConfig) -> Iterator[Path]:
    paths = (folder / (config.name + SUFFIX) for folder in dict.fromkeys(_folders()))
    return (path for path in paths if path.exists())


def _parse(description: dict[str, Any]) -> InterruptedRun:
    try:
        return InterruptedRun(
            config=TrainConfig.from_dict(description["config"]),
            dataset_checksum=str(description["dataset_checksum"]),
            history=tuple(EpochResult(**result) for result in description["history"]),
            owner=str(description["owner"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EnvelopeError(f"its metadata are incomplete: {error!r}") from None
