"""The training queue: runs in the background, one at a time, for all visitors.

One worker thread trains what is submitted, in turns: everybody's first run comes before anybody's second. Everybody
else sees snapshots. The network being trained is never handed out; a finished one is a checkpoint.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import list_checkpoints, store_checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.server.limits import QueueLimits, RefusedError
from dropout_mnist.server.pace import PaceBook
from dropout_mnist.server.runs import Job, Run, RunState
from dropout_mnist.server.worker import LoadDataset, Worker

# Ended runs that are remembered, the latest ones.
MAX_ENDED = 20


class TrainingQueue:
    """Train what is submitted, one run at a time and in turns, on a thread of its own.

    Args:
        load_dataset: loads a data set by name, reporting its download; may keep it for the next call.
        store: saves a checkpoint and returns where.
        limits: what is refused; None for the defaults.
        clock: returns seconds, for the time limit of a run.

    Attributes:
        limits: what is refused.
        paces: how fast this machine trains, learned from the runs.
    """

    def __init__(
        self,
        load_dataset: LoadDataset,
        store: Callable[[Checkpoint], Path] = store_checkpoint,
        limits: QueueLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or QueueLimits()
        self.paces = PaceBook()
        self._worker = Worker(load_dataset, self.paces, self.limits.max_minutes, store, clock)
        # The number of runs of each person that began since the queue was last empty.
        self._turns: Counter[str] = Counter()
        self._jobs: dict[int, Job] = {}
        self._ended: list[int] = []
        self._ids = count(1)
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="training", daemon=True)
        self._thread.start()

    def submit(self, config: TrainConfig, owner: str = "") -> int:
        """Queue a person's run and return its id; a config that is queued already is not queued twice.

        Raises:
            RefusedError: the run is too large, the queue or the folder of checkpoints is full, or the person has too
                many runs in the queue.
        """
        self.limits.check(config)
        with self._changed:
            jobs = [job for job in self._jobs.values() if job.run.active and not job.stop.is_set()]
            for job in jobs:
                if job.run.config.trains_like(config):
                    job.owners.add(owner)
                    return job.run.id
            self._check_room(config, owner, jobs)
            run = Run(id=next(self._ids), config=config)
            self._jobs[run.id] = Job(run, {owner})
            self._changed.notify_all()
            return run.id

    def _check_room(self, config: TrainConfig, owner: str, jobs: list[Job]) -> None:
        if sum(owner in job.owners for job in jobs) >= self.limits.max_runs_per_person:
            raise RefusedError(
                f"You have as many runs in the queue as one visitor may have ({self.limits.max_runs_per_person}): "
                "wait until one has ended, or remove one."
            )
        if sum(job.run.state is RunState.WAITING for job in jobs) >= self.limits.max_waiting:
            raise RefusedError(f"The queue is full: {self.limits.max_waiting} runs are waiting. Try again later.")
        kept = {path.stem for path in list_checkpoints()} | {job.run.config.name for job in jobs}
        if config.name not in kept and len(kept) >= self.limits.max_models:
            raise RefusedError(
                f"This server keeps at most {self.limits.max_models:,} trained models: "
                "choose settings that were trained before, or ask its owner to remove some."
            )

    def stop(self, run_id: int, owner: str = "") -> None:
        """Stop a person's run before its next batch, keeping its finished epochs; remove a waiting one.

        If others asked for the same run, it continues for them. A run that is only others' is left alone.
        """
        with self._changed:
            job = self._jobs.get(run_id)
            if job is None or owner not in job.owners:
                return
            if job.run.active and len(job.owners) > 1:
                job.owners.discard(owner)
                return
            self._stop(job)

    def _stop(self, job: Job) -> None:
        job.stop.set()
        if job.run.state is RunState.WAITING:
            job.update(state=RunState.STOPPED)
            self._note_end(job)

    def hand_over(self, owner: str, new_owner: str) -> None:
        """Give a person's runs and turns to a new name of that person."""
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
        """End all runs, keeping their finished epochs, and the worker; wait until it has ended."""
        with self._changed:
            for job in [job for job in self._jobs.values() if job.run.active]:
                self._stop(job)
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def get(self, run_id: int) -> Run | None:
        """Return a run as it is now, or None if it is unknown or forgotten."""
        job = self._jobs.get(run_id)
        return job.run if job else None

    def active_runs(self) -> list[Run]:
        """Return the run in training, if there is one, and the waiting ones in their order."""
        with self._changed:
            working = [job for job in self._jobs.values() if job.run.active and job.run.state is not RunState.WAITING]
            return [job.run for job in (*working, *self._waiting())]

    def seconds_until(self, run_id: int) -> float | None:
        """Return an estimate of how long a waiting run will wait, or None before a speed is known."""
        seconds = 0.0
        for run in self.active_runs():
            if run.id == run_id:
                return seconds
            left = run.seconds_left
            if left is None and (pace := self.paces.known(run.config)) is not None:
                left = pace.seconds(run.config)
            if left is None:
                return None
            seconds += left
        return None

    def latest_run(self, owner: str = "") -> Run | None:
        """Return a person's run that ended last, of those that began, or None."""
        with self._changed:
            ended = [self._jobs[run_id] for run_id in self._ended]
        mine = (job.run for job in reversed(ended) if owner in job.owners)
        return next((run for run in mine if run.history or run.message), None)

    def wait(self, run_id: int, timeout: float) -> Run | None:
        """Wait for `timeout` seconds at most until a run has ended, and return it as it is then."""
        with self._changed:
            self._changed.wait_for(lambda: not ((run := self.get(run_id)) and run.active), timeout)
        return self.get(run_id)

    def _note_end(self, job: Job) -> None:
        self._ended.append(job.run.id)
        if len(self._ended) > MAX_ENDED:
            del self._jobs[self._ended.pop(0)]
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._waiting()))
                job = next(iter(self._waiting()), None)
                if job is None:
                    return
                self._turns.update(job.owners)
                job.update(state=RunState.LOADING)
            end = self._worker.work_on(job, keep_state=lambda: self._closed)
            with self._changed:
                job.update(**end, progress=None, download=None)
                self._note_end(job)
                if not self._waiting():
                    self._turns.clear()

    def _waiting(self) -> list[Job]:
        waiting = [job for job in self._jobs.values() if job.run.state is RunState.WAITING]
        return _take_turns(waiting, self._turns)


def _take_turns(waiting: Iterable[Job], begun: Counter[str]) -> list[Job]:
    """Return waiting jobs in turns: a person's second one comes after everybody's first.

    Args:
        waiting: in the order in which they were submitted.
        begun: how many runs of each person have begun.
    """
    turns = begun.copy()
    ranked = []
    for job in waiting:
        ranked.append((min(turns[owner] for owner in job.owners), job.run.id, job))
        turns.update(job.owners)
    return [job for *_, job in sorted(ranked, key=lambda entry: entry[:2])]
