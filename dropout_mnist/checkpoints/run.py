"""Go from a config to a stored checkpoint: resume or begin, train, and store."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import find_shorter, store_checkpoint
from dropout_mnist.checkpoints.resume import end_state, load_state, save_state
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.train_step import StateError
from dropout_mnist.training import BatchProgress, DivergedError, Training, TrainingState

# How training may end early: the user interrupts it, the loss diverges, or memory runs out (torch's allocator for the
# CPU raises a plain RuntimeError).
EARLY_ENDS = (KeyboardInterrupt, DivergedError, RuntimeError, MemoryError)


@dataclass(frozen=True)
class Outcome:
    """The result of a run.

    Attributes:
        history: the finished epochs.
        checkpoint: the network after the last of them, None if there is none.
        path: where the checkpoint was stored, None if it was not.
        error: what ended training early, None if nothing did or `should_stop` did.
        store_error: why the checkpoint could not be stored, None if it was. Its state is kept in that case.
        paused: the state to continue from if `should_pause` paused the run; there is no checkpoint in that case.
    """

    history: tuple[EpochResult, ...]
    checkpoint: Checkpoint | None = None
    path: Path | None = None
    error: BaseException | None = None
    store_error: OSError | None = None
    paused: TrainingState | None = None


def train_and_store(
    config: TrainConfig,
    dataset: Dataset,
    *,
    state: TrainingState | None = None,
    owner: str = "",
    store: Callable[[Checkpoint], Path] = store_checkpoint,
    should_stop: Callable[[], bool] = lambda: False,
    should_pause: Callable[[], bool] = lambda: False,
    keep_state: Callable[[], bool] = lambda: False,
    on_resume: Callable[[tuple[EpochResult, ...]], None] = lambda history: None,
    on_restart: Callable[[StateError], None] = lambda error: None,
    on_begin: Callable[[Training], None] = lambda training: None,
    on_batch: Callable[[BatchProgress], None] = lambda progress: None,
    on_epoch: Callable[[EpochResult], None] = lambda result: None,
) -> Outcome:
    """Train a config on its data set and store the checkpoint; resume an earlier run if its state is kept.

    Args:
        config: the hyperparameters.
        dataset: the config's data set.
        state: continue from here, a paused run's state, instead of from a saved one.
        owner: the visitor who may resume the run.
        store: saves the checkpoint and returns where.
        should_stop: asked before each batch.
        should_pause: asked after each epoch but the last.
        keep_state: asked at the end: whether the run counts as interrupted although its checkpoint was stored.
        on_resume: called with the finished epochs of the earlier run.
        on_restart: called with the reason if an earlier run cannot be resumed; training starts from scratch then.
        on_begin: called with the run before its first batch.
        on_batch: called after each batch.
        on_epoch: called after each epoch.

    Raises:
        ValueError: the config does not fit the data set or this machine.
        MemoryError, RuntimeError: there is not enough memory to begin or to resume. The saved state is kept.
    """
    if state is not None:
        training = Training(config, dataset, state)
    else:
        training = _resume_or_begin(config, dataset, on_restart)
        if training.history:
            on_resume(training.history)
    on_begin(training)
    error: BaseException | None = None
    try:
        for result in training.run(should_stop=should_stop, on_batch=on_batch):
            save_state(training.state, owner)
            on_epoch(result)
            if len(training.history) < config.epochs and should_pause():
                return Outcome(training.history, paused=training.state)
    except EARLY_ENDS as early_end:
        error = early_end
    if not training.history:
        return Outcome((), error=error)
    checkpoint = training.checkpoint()
    try:
        path = store(checkpoint)
    except OSError as store_error:
        return Outcome(training.history, checkpoint, error=error, store_error=store_error)
    if not keep_state():
        end_state(config)
    return Outcome(training.history, checkpoint, path, error)


def lost_epochs(config: TrainConfig) -> int | None:
    """Return the epochs of a shorter run whose checkpoint is stored, but not the state to continue from.

    None if there is no such run, or if there is a state: whether it can be used is found out when it is.
    """
    epochs = find_shorter(config)
    try:
        return epochs if epochs and load_state(config) is None else None
    except StateError:
        return None


def _resume_or_begin(config: TrainConfig, dataset: Dataset, on_restart: Callable[[StateError], None]) -> Training:
    try:
        state = load_state(config)
        if state is not None:
            return Training(config, dataset, state)
    except StateError as error:
        on_restart(error)
    return Training(config, dataset)
