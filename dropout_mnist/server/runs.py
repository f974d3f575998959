"""A run: immutable snapshots for the page, and the job behind them."""

import threading
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.mnist_files import DownloadProgress
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.recording.recording import Recording
from dropout_mnist.server.pace import Pace, evaluated_per_epoch
from dropout_mnist.training import BatchProgress, TrainingState


class RunState(StrEnum):
    """Where a run is in its life."""

    WAITING = "waiting"
    LOADING = "loading"
    TRAINING = "training"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as it was at one moment.

    Attributes:
        id: unique within the process.
        config: what is trained.
        state: where it is.
        history: the finished epochs.
        progress: within the current epoch, or None.
        pace: of this kind of network on this machine, or None before it is known.
        download: of the data set, while that is downloaded, or None.
        path: where the checkpoint was saved, once the run has ended with at least one epoch.
        checkpoint: the result when it could not be saved; it is lost with the process.
        message: what went wrong, or None.
    """

    id: int
    config: TrainConfig
    state: RunState = RunState.WAITING
    history: tuple[EpochResult, ...] = ()
    progress: BatchProgress | None = None
    pace: Pace | None = None
    download: DownloadProgress | None = None
    path: Path | None = None
    checkpoint: Checkpoint | None = None
    message: str | None = None

    @property
    def active(self) -> bool:
        """Whether it has not ended yet."""
        return self.state not in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED)

    @property
    def waiting(self) -> bool:
        """Whether it waits to begin, or to continue after a pause."""
        return self.state in (RunState.WAITING, RunState.PAUSED)

    @property
    def images_per_second(self) -> float | None:
        """Speed of the current epoch, or None before it is known."""
        if self.progress is None or not self.progress.seconds:
            return None
        return self.progress.done / self.progress.seconds

    @property
    def share_done(self) -> float:
        """The share of the training that is done, from 0 to 1."""
        if self.progress is None:
            return len(self.history) / self.config.epochs
        return (self.progress.epoch - 1 + self.progress.done / self.progress.total) / self.config.epochs

    @property
    def seconds_left(self) -> float | None:
        """An estimate of the time left, evaluations included, or None before the pace is known.

        The current epoch's own speed counts, once it is known.
        """
        if self.pace is None:
            return None
        if self.progress is None or not self.images_per_second:
            return self.pace.seconds(self.config) * (1 - self.share_done)
        train = self.config.epochs * self.progress.total * (1 - self.share_done) / self.images_per_second
        epochs = self.config.epochs - len(self.history)
        return train + epochs * evaluated_per_epoch(self.config) * self.pace.evaluate_seconds


@dataclass
class Job:
    """The mutable side of a run.

    Attributes:
        run: the latest snapshot, replaced as a whole.
        owners: who asked for it.
        since: when it was submitted, began, paused or continued, in seconds on the queue's clock.
        stop: a request to stop it.
        paused: the state to continue from, while the run is paused.
        trained_seconds: spent on it before its latest pause.
        recording: of its training, None before that and once it has made room for others.
    """

    run: Run
    owners: set[str]
    since: float
    stop: threading.Event = field(default_factory=threading.Event)
    paused: TrainingState | None = None
    trained_seconds: float = 0.0
    recording: Recording | None = None

    def update(self, **changes: object) -> None:
        """Replace the snapshot by one with these changes."""
        self.run = replace(self.run, **changes)  # type: ignore[arg-type]
