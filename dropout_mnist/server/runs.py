"""A run: immutable snapshots for the page, and the job behind them."""

import threading
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import FULL_SIZES
from dropout_mnist.data.mnist_files import DownloadProgress
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.training import BatchProgress


class RunState(StrEnum):
    """Where a run is in its life."""

    WAITING = "waiting"
    LOADING = "loading"
    TRAINING = "training"
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
    download: DownloadProgress | None = None
    path: Path | None = None
    checkpoint: Checkpoint | None = None
    message: str | None = None

    @property
    def active(self) -> bool:
        """Whether it is waiting, loading or training."""
        return self.state in (RunState.WAITING, RunState.LOADING, RunState.TRAINING)

    @property
    def images(self) -> int:
        """The number of images that all its epochs show."""
        size = self.config.train_size or FULL_SIZES[self.config.dataset]
        return self.config.epochs * size * self.config.repeats

    @property
    def images_per_second(self) -> float | None:
        """Speed of the current epoch, or None before it is known."""
        if self.progress is None or not self.progress.seconds:
            return None
        return self.progress.done / self.progress.seconds

    @property
    def seconds_left(self) -> float | None:
        """Training time left at the current speed, or None before it is known."""
        if self.progress is None or not self.images_per_second:
            return None
        images = self.config.epochs * self.progress.total
        done = (self.progress.epoch - 1) * self.progress.total + self.progress.done
        return (images - done) / self.images_per_second


@dataclass
class Job:
    """The mutable side of a run: its latest snapshot, replaced as a whole, its owners, and a request to stop it."""

    run: Run
    owners: set[str]
    stop: threading.Event = field(default_factory=threading.Event)

    def update(self, **changes: object) -> None:
        """Replace the snapshot by one with these changes."""
        self.run = replace(self.run, **changes)  # type: ignore[arg-type]
