"""Trainings in the background, one at a time, for everyone.

A single worker thread trains what is submitted, in order. Everybody else sees `Run`s: immutable snapshots.
The model being trained is never handed out; a finished one is a checkpoint.
Not covered: fair shares between people, bounds on the queue, runs that outlive the process.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from pathlib import Path

import torch

from dropout_mnist.checkpoint import Checkpoint, make_checkpoint
from dropout_mnist.checkpoint_cache import store_checkpoint, trains_alike
from dropout_mnist.config import TrainConfig
from dropout_mnist.data import Dataset
from dropout_mnist.mnist_files import DataError, DownloadProgress, ReportDownload
from dropout_mnist.training import BatchProgress, DivergedError, EpochResult, build_model, train

# Ended runs that are remembered, the latest ones.
MAX_ENDED = 20

LoadDataset = Callable[[str, ReportDownload], Dataset]


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
    """One training as it was at one moment.

    Attributes:
        id: unique within the process.
        config: what is trained.
        state: where it is.
        history: the finished epochs.
        progress: inside the current epoch, or None.
        download: of the data set, while that is fetched, or None.
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
        """Whether it is waiting or at work."""
        return self.state in (RunState.WAITING, RunState.LOADING, RunState.TRAINING)

    @property
    def images_per_second(self) -> float | None:
        """Speed of the current epoch, or None before it can be told."""
        if self.progress is None or not self.progress.seconds:
            return None
        return self.progress.done / self.progress.seconds

    @property
    def seconds_left(self) -> float | None:
        """Training time left at the current speed, or None before it can be told."""
        if self.progress is None or not self.images_per_second:
            return None
        images = self.config.epochs * self.progress.total
        done = (self.progress.epoch - 1) * self.progress.total + self.progress.done
        return (images - done) / self.images_per_second


@dataclass
class _Job:
    """A run's changing side: its latest snapshot, replaced as a whole, and the wish to stop it."""

    run: Run
    stop: threading.Event = field(default_factory=threading.Event)

    def update(self, **changes: object) -> None:
        self.run = replace(self.run, **changes)  # type: ignore[arg-type]


class TrainingQueue:
    """Trains what is submitted, one at a time and in order, on a thread of its own.

    Args:
        load_dataset: loads a data set by name, reporting its download; may keep it for the next call.
        store: saves a checkpoint and returns where.
    """

    def __init__(self, load_dataset: LoadDataset, store: Callable[[Checkpoint], Path] = store_checkpoint) -> None:
        self._load_dataset = load_dataset
        self._store = store
        self._jobs: dict[int, _Job] = {}
        self._ended: list[int] = []
        self._ids = count(1)
        self._changed = threading.Condition()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="training", daemon=True)
        self._worker.start()

    def submit(self, config: TrainConfig) -> int:
        """Queue a training and return its run's id; a config that is queued already is not queued twice."""
        with self._changed:
            for job in self._jobs.values():
                if job.run.active and not job.stop.is_set() and trains_alike(job.run.config, config):
                    return job.run.id
            run = Run(id=next(self._ids), config=config)
            self._jobs[run.id] = _Job(run)
            self._changed.notify_all()
            return run.id

    def stop(self, run_id: int) -> None:
        """End a run before its next batch, keeping its finished epochs; a waiting one is taken off the queue."""
        with self._changed:
            job = self._jobs.get(run_id)
            if job is None:
                return
            job.stop.set()
            if job.run.state is RunState.WAITING:
                job.update(state=RunState.STOPPED)
                self._note_end(job)

    def close(self) -> None:
        """End all runs, keeping their finished epochs, and the worker; wait until it has."""
        for run in self.active_runs():
            self.stop(run.id)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._worker.join()

    def get(self, run_id: int) -> Run | None:
        """Return a run as it is now, or None if it is not known (any more)."""
        job = self._jobs.get(run_id)
        return job.run if job else None

    def active_runs(self) -> list[Run]:
        """Return the run at work, if there is one, and the waiting ones in their order."""
        with self._changed:
            return [job.run for job in self._jobs.values() if job.run.active]

    def latest_run(self) -> Run | None:
        """Return the run at work, else the one that ended last after it had begun, else None."""
        if active := self.active_runs():
            return active[0]
        with self._changed:
            ended = [self._jobs[run_id].run for run_id in self._ended]
        return next((run for run in reversed(ended) if run.history or run.message), None)

    def wait(self, run_id: int, timeout: float) -> Run | None:
        """Wait until a run has ended, for `timeout` seconds at most, and return it as it is then."""
        with self._changed:
            self._changed.wait_for(lambda: not ((run := self.get(run_id)) and run.active), timeout)
        return self.get(run_id)

    def _note_end(self, job: _Job) -> None:
        self._ended.append(job.run.id)
        if len(self._ended) > MAX_ENDED:
            del self._jobs[self._ended.pop(0)]
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next() is not None)
                job = self._next()
                if job is None:
                    return
                job.update(state=RunState.LOADING)
            try:
                end = self._train(job)
            except _StoppedError:
                end = {"state": RunState.STOPPED}
            # The worker serves everyone: whatever one run dies of, the next one must still have it.
            except Exception as error:
                end = {"state": RunState.FAILED, "message": _explain(error)}
            with self._changed:
                job.update(**end, progress=None, download=None)
                self._note_end(job)

    def _next(self) -> _Job | None:
        return next((job for job in self._jobs.values() if job.run.state is RunState.WAITING), None)

    def _train(self, job: _Job) -> dict[str, object]:
        """Train and save; return what the run's last snapshot has to say."""

        def report(download: DownloadProgress) -> None:
            if job.stop.is_set():
                raise _StoppedError
            job.update(download=download)

        config = job.run.config
        dataset = self._load_dataset(config.dataset, report)
        job.update(download=None, state=RunState.TRAINING)
        model = build_model(config)
        end: dict[str, object] = {}
        try:
            for result in train(
                config,
                dataset,
                model,
                should_stop=job.stop.is_set,
                on_batch=lambda progress: job.update(progress=progress),
            ):
                job.update(history=(*job.run.history, result))
        except (DivergedError, RuntimeError, MemoryError) as error:
            end["message"] = _explain(error)
        if job.run.history:
            checkpoint = make_checkpoint(config, dataset, model, job.run.history)
            try:
                end["path"] = self._store(checkpoint)
            except OSError as error:
                end["checkpoint"] = checkpoint
                end["message"] = f"The model could not be saved ({error}): it is lost when the server ends."
        if len(job.run.history) == config.epochs:
            end["state"] = RunState.FINISHED
        else:
            end["state"] = RunState.STOPPED if job.stop.is_set() else RunState.FAILED
        return end


class _StoppedError(Exception):
    """A run was stopped before its training began."""


def _explain(error: Exception) -> str:
    # torch's allocator for the CPU raises a plain RuntimeError.
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error):
        return "There is not enough memory for this training: try fewer images or a smaller batch size."
    if isinstance(error, DataError | DivergedError | ValueError):
        return str(error)
    return f"The training failed: {type(error).__name__}: {error}"
