"""Train one run for the queue: load its data set, train, store, and describe the end."""

import time
from collections.abc import Callable
from pathlib import Path

import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import store_checkpoint
from dropout_mnist.checkpoints.run import Outcome, lost_epochs, train_and_store
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.data.mnist_files import DataError, DownloadProgress, ReportDownload
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.messages.message import Message, message_of
from dropout_mnist.recording.recorder import Recorder
from dropout_mnist.recording.recording import Recording
from dropout_mnist.server.pace import PaceBook
from dropout_mnist.server.runs import Job, RunState
from dropout_mnist.train_step import StateError
from dropout_mnist.training import BatchProgress, DivergedError, Training

LoadDataset = Callable[[str, ReportDownload], Dataset]


class _StoppedError(Exception):
    """A run was stopped before training began."""


class Worker:
    """Train runs, one after the other, and keep their jobs up to date.

    Args:
        load_dataset: loads a data set by name, reporting its download; may keep it for the next call.
        paces: learns from every epoch how fast this machine is.
        max_minutes: after this time a run is stopped.
        store: saves a checkpoint and returns where.
        clock: returns seconds.
    """

    def __init__(
        self,
        load_dataset: LoadDataset,
        paces: PaceBook,
        max_minutes: int,
        store: Callable[[Checkpoint], Path] = store_checkpoint,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load_dataset = load_dataset
        self._paces = paces
        self._max_minutes = max_minutes
        self._store = store
        self._clock = clock

    def work_on(self, job: Job, should_pause: Callable[[], bool], keep_state: Callable[[], bool]) -> dict[str, object]:
        """Train and store one run, or train it until it pauses; return the fields of its last snapshot.

        Whatever ends the run is described there: nothing is raised.

        Args:
            job: of the run.
            should_pause: asked after each epoch but the last.
            keep_state: asked at the end: whether the run is to be resumed after a restart of the server.
        """
        try:
            return self._train(job, should_pause, keep_state)
        except _StoppedError:
            return {"state": RunState.STOPPED}
        # The worker serves everyone: whatever ends one run must not end the next.
        except Exception as error:
            return {"state": RunState.FAILED, "message": explain(error)}

    def _train(self, job: Job, should_pause: Callable[[], bool], keep_state: Callable[[], bool]) -> dict[str, object]:
        def report(download: DownloadProgress) -> None:
            if job.stop.is_set():
                raise _StoppedError
            job.update(download=download)

        dataset = self._load_dataset(job.run.config.dataset, report)
        began = self._clock()
        deadline = began + self._max_minutes * 60 - job.trained_seconds
        out_of_time = False

        def should_stop() -> bool:
            nonlocal out_of_time
            out_of_time = self._clock() > deadline
            return out_of_time or job.stop.is_set()

        def on_resume(history: tuple[EpochResult, ...]) -> None:
            job.update(history=history)

        def on_restart(error: StateError) -> None:
            message = Message(
                "The interrupted run could not be resumed ({error}), so it started from scratch.",
                error=message_of(error),
            )
            job.update(message=message)

        if job.paused is None and not job.run.history and (epochs := lost_epochs(job.run.config)):
            message = Message(
                "The state after the {epochs} epochs that are trained already is not kept, so the run started from "
                "epoch 1.",
                epochs=epochs,
            )
            job.update(message=message)

        recorder: Recorder

        def on_begin(training: Training) -> None:
            nonlocal recorder
            recorder = Recorder(training, job.recording or Recording(max_moments=0))

        def on_batch(progress: BatchProgress) -> None:
            recorder(progress)
            job.update(progress=progress)

        epoch_began = time.perf_counter()

        def on_epoch(result: EpochResult) -> None:
            nonlocal epoch_began
            began, epoch_began = epoch_began, time.perf_counter()
            pace = self._paces.add_epoch(job.run.config, result.seconds, epoch_began - began)
            job.update(history=(*job.run.history, result), pace=pace)

        def between_epochs() -> bool:
            nonlocal epoch_began
            pauses = should_pause()
            # What was done for others does not belong to the next epoch.
            epoch_began = time.perf_counter()
            return pauses

        job.update(download=None, state=RunState.TRAINING, pace=self._paces.known(job.run.config))
        outcome = train_and_store(
            job.run.config,
            dataset,
            state=job.paused,
            owner=min(job.owners),
            store=self._store,
            should_stop=should_stop,
            should_pause=between_epochs,
            keep_state=keep_state,
            on_resume=on_resume,
            on_restart=on_restart,
            on_begin=on_begin,
            on_batch=on_batch,
            on_epoch=on_epoch,
        )
        job.trained_seconds += self._clock() - began
        job.paused = outcome.paused
        if outcome.paused is not None:
            return {"state": RunState.PAUSED}
        return self._describe_end(outcome, job, out_of_time)

    def _describe_end(self, outcome: Outcome, job: Job, out_of_time: bool) -> dict[str, object]:
        end: dict[str, object] = {"path": outcome.path}
        if outcome.store_error is not None:
            end["checkpoint"] = outcome.checkpoint
            end["message"] = Message(
                "The model could not be saved ({error}): it is lost when the server ends.",
                error=message_of(outcome.store_error),
            )
        if outcome.error is not None:
            end["message"] = explain(outcome.error)
        if len(outcome.history) == job.run.config.epochs:
            end["state"] = RunState.FINISHED
        else:
            end["state"] = RunState.STOPPED if out_of_time or job.stop.is_set() else RunState.FAILED
        if out_of_time:
            message = Message("A run may take {minutes} min on this server.", minutes=self._max_minutes)
            end.setdefault("message", message)
        return end


def explain(error: BaseException) -> str:
    """Return what an error that ended a run means to its visitor."""
    # torch's allocator for the CPU raises a plain RuntimeError.
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error):
        return Message(
            "There is not enough memory for this run: try fewer images, a smaller batch size or smaller layers."
        )
    if isinstance(error, DataError | DivergedError | ValueError):
        return message_of(error)
    return Message("The run failed: {kind}: {error}", kind=type(error).__name__, error=message_of(error))
