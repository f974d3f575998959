"""Save the state of a run after each epoch, so that a killed run can be resumed, and an ended one continued.

Each run has one safetensors file in a folder next to the checkpoints. It holds the run's tensors, and in its metadata
config, history, checksum of the data set and owner. It is written atomically. Runs that differ in nothing but their
number of epochs share a file: each is the beginning of the longer ones. The file of an ended run moves to a folder of
its own, where the latest ones are kept.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dropout_mnist.checkpoints.folder import SUFFIX, store_folders
from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.messages.message import Message, message_of
from dropout_mnist.storage.envelope import Envelope, EnvelopeError
from dropout_mnist.storage.files import write_atomically
from dropout_mnist.train_step import StateError
from dropout_mnist.training import TrainingState

ENVELOPE = Envelope(key="dropout_mnist_run", format=1)
_FOLDER, _ENDED = "states", "ended"
# States of ended runs that are kept, the latest ones; one of the default network has 15 MB.
MAX_ENDED = 5


@dataclass(frozen=True)
class SavedRun:
    """A run as its file describes it.

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
            write_atomically(folder / _file_name(state.config), data)
            return


def end_state(config: TrainConfig) -> None:
    """Keep the saved state of a run whose checkpoint was stored, so that it can be continued with more epochs."""
    for folder in _folders():
        path = folder / _file_name(config)
        with suppress(OSError):
            if path.exists():
                (folder / _ENDED).mkdir(exist_ok=True)
                path.replace(folder / _ENDED / path.name)
    ended = []
    for path in (path for folder in _folders() for path in (folder / _ENDED).glob(f"*{SUFFIX}")):
        with suppress(OSError):
            ended.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(ended)[:-MAX_ENDED]:
        with suppress(OSError):
            path.unlink()


def load_state(config: TrainConfig) -> TrainingState | None:
    """Return the saved state to resume this config from, None if there is none.

    It is the state of the same config, or of one that differs in nothing but its number of epochs.

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
            raise StateError(
                Message("the saved state of {name} cannot be read: {error}", name=config.name, error=message_of(error))
            ) from None
        # An ended run with all the epochs is the same run: to ask for it again is to train it again.
        most = config.epochs - 1 if path.parent.name == _ENDED else config.epochs
        if replace(run.config, epochs=config.epochs) == config and len(run.history) <= most:
            return TrainingState(config, run.dataset_checksum, run.history, tensors)
    return None


def discard_state(config: TrainConfig) -> None:
    """Remove the saved state of a run, if there is one."""
    for path in _paths(config):
        with suppress(OSError):
            path.unlink()


def list_interrupted(owner: str) -> list[SavedRun]:
    """Return a visitor's runs that have not ended, sorted by name; active runs are among them."""
    runs = []
    for path in sorted(path for folder in _folders() for path in folder.glob(f"*{SUFFIX}")):
        with suppress(EnvelopeError, OSError):
            runs.append(_parse(ENVELOPE.describe(path)))
    return [run for run in runs if run.owner == owner]


def _folders() -> list[Path]:
    return [folder / _FOLDER for folder in store_folders()]


def _file_name(config: TrainConfig) -> str:
    return replace(config, epochs=SETTINGS["epochs"].default_for(config.recipe)).name + SUFFIX


def _paths(config: TrainConfig) -> Iterator[Path]:
    """Yield the files of a run, that of an active or interrupted one before those of ended ones."""
    folders = [*_folders(), *(folder / _ENDED for folder in _folders())]
    return (path for folder in folders if (path := folder / _file_name(config)).exists())


def _parse(description: dict[str, Any]) -> SavedRun:
    try:
        return SavedRun(
            config=TrainConfig.from_dict(description["config"]),
            dataset_checksum=str(description["dataset_checksum"]),
            history=tuple(EpochResult(**result) for result in description["history"]),
            owner=str(description["owner"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EnvelopeError(Message("its metadata are incomplete: {error}", error=repr(error))) from None
