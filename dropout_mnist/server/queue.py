"""Trainings in the background, one at a time, for everyone.

A single worker thread trains what is submitted, in turns: everybody's first run comes before anybody's second.
Everybody else sees `Run`s: immutable snapshots. The model being trained is never handed out; a finished one is a
checkpoint. How much a server takes on is bounded. After each epoch a run's state is written, so that one whose
process is killed goes on there when it is submitted again.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Self

import torch

from dropout_mnist.checkpoint import Checkpoint, make_checkpoint
from dropout_mnist.checkpoints.folder import list_checkpoints, store_checkpoint, trains_alike
from dropout_mnist.checkpoints.resume import discard_state, load_state, save_state
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import FULL_SIZES, Dataset
from dropout_mnist.data.mnist_files import DataError, DownloadProgress, ReportDownload
from dropout_mnist.training import BatchProgress, DivergedError, EpochResult, build_model, train

# Ended runs that are remembered, the latest ones.
MAX_ENDED = 20

LoadDataset = Callable[[str, ReportDownload], Dataset]


class RefusedError(Exception):
    """A run is more than this server takes on; the message says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class QueueLimits:
    """How much one server takes on. An environment variable, `DROPOUT_MNIST_MAX_WAITING` and so on, sets each.

    Attributes:
        max_waiting: runs that wait, of everybody together.
        max_runs_per_person: runs of one person, waiting or at work.
        max_epochs: of one run.
        max_train_size: training images of one run.
        max_minutes: of one run; after them it is stopped, and its finished epochs are kept.
        max_models: checkpoints that are kept; no run is begun that would add one.
    """

    max_waiting: int = 20
    max_runs_per_person: int = 5
    max_epochs: int = 1_000
    max_train_size: int = 60_000
    max_minutes: int = 60
    max_models: int = 1_000

    @classmethod
    def from_environment(cls) -> Self:
        """Return the limits that the environment sets, and the defaults of the others.

        Raises:
            ValueError: a variable is not a positive whole number.
        """
        values = {}
        for limit in fields(cls):
            variable = f"DROPOUT_MNIST_{limit.name.upper()}"
            if text := os.environ.get(variable):
                if not text.isdecimal() or not int(text):
                    raise ValueError(f"{variable} must be a positive whole number, not {text!r}")
                values[limit.name] = int(text)
        return cls(**values)

    def check(self, config: TrainConfig) -> None:
        """Refuse a run that is too large.

        Raises:
            RefusedError: it is.
        """
        if config.epochs > self.max_epochs:
            raise RefusedError(f"This server trains at most {self.max_epochs:,} epochs: choose fewer.")
        if config.train_size is not None and config.train_size > self.max_train_size:
            raise RefusedError(f"This server trains on at most {self.max_train_size:,} images: choose fewer.")
        if config.train_size is None and self.max_train_size < FULL_SIZES[config.dataset]:
            raise RefusedError(
                f"This server trains on at most {self.max_train_size:,} images: set the number of training images."
            )


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
    def images(self) -> int:
        """How many images it is shown in all."""
        size = self.config.train_size or FULL_SIZES[self.config.dataset]
        return self.config.epochs * size * self.config.repeats

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
    owners: set[str]
    stop: threading.Event = field(default_factory=threading.Event)

    def update(self, **changes: object) -> None:
        self.run = replace(self.run, **changes)  # type: ignore[arg-type]


class TrainingQueue:
    """Trains what is submitted, one at a time and in turns, on a thread of its own.

    Args:
        load_dataset: loads a data set by name, reporting its download; may keep it for the next call.
        store: saves a checkpoint and returns where.
        limits: what is refused; None for the defaults.
    """

    def __init__(
        self,
        load_dataset: LoadDataset,
        store: Callable[[Checkpoint], Path] = store_checkpoint,
        limits: QueueLimits | None = None,
    ) -> None:
        self._load_dataset = load_dataset
        self._store = store
        self.limits = limits or QueueLimits()
        # How many runs of each person were begun since the queue was last empty.
        self._turns: Counter[str] = Counter()
        self._images_per_second: float | None = None
        self._jobs: dict[int, _Job] = {}
        self._ended: list[int] = []
        self._ids = count(1)
        self._changed = threading.Condition()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="training", daemon=True)
        self._worker.start()

    def submit(self, config: TrainConfig, owner: str = "") -> int:
        """Queue a person's training and return its run's id; a config that is queued already is not queued twice.

        Raises:
            RefusedError: it is too large, the queue or the folder of checkpoints is full, or the person has too many
                runs in the queue.
        """
        self.limits.check(config)
        with self._changed:
            jobs = [job for job in self._jobs.values() if job.run.active and not job.stop.is_set()]
            for job in jobs:
                if trains_alike(job.run.config, config):
                    job.owners.add(owner)
                    return job.run.id
            if sum(owner in job.owners for job in jobs) >= self.limits.max_runs_per_person:
                raise RefusedError(
                    f"You have as many trainings in the queue as one person may ({self.limits.max_runs_per_person}): "
                    "wait until one has ended, or take one off."
                )
            if sum(job.run.state is RunState.WAITING for job in jobs) >= self.limits.max_waiting:
                raise RefusedError(f"The queue is full: {self.limits.max_waiting} trainings wait. Try again later.")
            kept = {path.stem for path in list_checkpoints()} | {job.run.config.name for job in jobs}
            if config.name not in kept and len(kept) >= self.limits.max_models:
                raise RefusedError(
                    f"This server keeps as many trained models as it may ({self.limits.max_models:,}): "
                    "choose settings that were trained before, or ask its owner to remove some."
                )
            run = Run(id=next(self._ids), config=config)
            self._jobs[run.id] = _Job(run, {owner})
            self._changed.notify_all()
            return run.id

    def stop(self, run_id: int, owner: str = "") -> None:
        """End a person's run before its next batch, keeping its finished epochs; take a waiting one off the queue.

        A run that others asked for, too, goes on for them; that of others alone is left alone.
        """
        with self._changed:
            job = self._jobs.get(run_id)
            if job is None or owner not in job.owners:
                return
            if job.run.active and len(job.owners) > 1:
                job.owners.discard(owner)
                return
            self._stop(job)

    def _stop(self, job: _Job) -> None:
        job.stop.set()
        if job.run.state is RunState.WAITING:
            job.update(state=RunState.STOPPED)
            self._note_end(job)

    def hand_over(self, owner: str, new_owner: str) -> None:
        """Let a person be known by another name from now on."""
        with self._changed:
            for job in self._jobs.values():
                if owner in job.owners:
                    job.owners = job.owners - {owner} | {new_owner}
            if turns := self._turns.pop(owner, 0):
                self._turns[new_owner] += turns

    def owns(self, owner: str, run_id: int) -> bool:
        """Whether this person asked for this run."""
        job = self._jobs.get(run_id)
        return job is not None and owner in job.owners

    def close(self) -> None:
        """End all runs, keeping their finished epochs, and the worker; wait until it has."""
        with self._changed:
            for job in [job for job in self._jobs.values() if job.run.active]:
                self._stop(job)
            self._closed = True
            self._changed.notify_all()
        self._worker.join()

    def get(self, run_id: int) -> Run | None:
        """Return a run as it is now, or None if it is not known (any more)."""
        job = self._jobs.get(run_id)
        return job.run if job else None

    def active_runs(self) -> list[Run]:
        """Return the run at work, if there is one, and the waiting ones in the order in which they will be."""
        with self._changed:
            at_work = [job for job in self._jobs.values() if job.run.active and job.run.state is not RunState.WAITING]
            return [job.run for job in (*at_work, *self._waiting())]

    def seconds_until(self, run_id: int) -> float | None:
        """Return about how long a waiting run will have to wait, or None before that can be told."""
        seconds = 0.0
        for run in self.active_runs():
            if run.id == run_id:
                return seconds
            left = run.seconds_left
            if left is None:
                speed = self._images_per_second
                left = run.images / speed if speed else None
            if left is None:
                return None
            seconds += left
        return None

    def latest_run(self, owner: str = "") -> Run | None:
        """Return a person's run that ended last after it had begun, or None."""
        with self._changed:
            ended = [self._jobs[run_id] for run_id in self._ended]
        mine = (job.run for job in reversed(ended) if owner in job.owners)
        return next((run for run in mine if run.history or run.message), None)

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
                self._turns.update(job.owners)
                job.update(state=RunState.LOADING)
            try:
                end = self._train(job)
            except _StoppedError:
                end = {"state": RunState.STOPPED}
            # The worker serves everyone: whatever one run dies of, the next one must still have it.
            except Exception as error:
                end = {"state": RunState.FAILED, "message": _explain(error)}
            with self._changed:
                self._images_per_second = job.run.images_per_second or self._images_per_second
                job.update(**end, progress=None, download=None)
                self._note_end(job)
                if self._next() is None:
                    self._turns.clear()

    def _next(self) -> _Job | None:
        return next(iter(self._waiting()), None)

    def _waiting(self) -> list[_Job]:
        """Return the waiting jobs in turns: a person's second one after everybody's first."""
        waiting = [job for job in self._jobs.values() if job.run.state is RunState.WAITING]
        turns = self._turns.copy()
        ranks: dict[int, int] = {}
        for job in waiting:
            ranks[job.run.id] = min(turns[owner] for owner in job.owners)
            turns.update(job.owners)
        return sorted(waiting, key=lambda job: (ranks[job.run.id], job.run.id))

    def _train(self, job: _Job) -> dict[str, object]:
        """Train and save; return what the run's last snapshot has to say."""

        def report(download: DownloadProgress) -> None:
            if job.stop.is_set():
                raise _StoppedError
            job.update(download=download)

        config = job.run.config
        dataset = self._load_dataset(config.dataset, report)
        end_of_time = time.monotonic() + self.limits.max_minutes * 60
        out_of_time = False

        def should_stop() -> bool:
            nonlocal out_of_time
            out_of_time = time.monotonic() > end_of_time
            return out_of_time or job.stop.is_set()

        job.update(download=None, state=RunState.TRAINING)
        model = build_model(config)
        end: dict[str, object] = {}
        state = load_state(config)
        if state is not None:
            job.update(history=state.history)
        try:
            for result in train(
                config,
                dataset,
                model,
                state=state,
                should_stop=should_stop,
                on_state=lambda state: save_state(config, state, min(job.owners)),
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
        if not self._closed:
            discard_state(config)
        if len(job.run.history) == config.epochs:
            end["state"] = RunState.FINISHED
        else:
            end["state"] = RunState.STOPPED if out_of_time or job.stop.is_set() else RunState.FAILED
        if out_of_time:
            end.setdefault("message", f"A training may take {self.limits.max_minutes} min on this server.")
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
