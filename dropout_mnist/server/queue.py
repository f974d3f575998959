"""The training queue: runs in the background, one at a time, for all visitors.

One worker thread trains what is submitted, in the order of `schedule`: a long run pauses between two epochs while
shorter ones train. Everybody else sees snapshots. The network being trained is never handed out; a finished one is a
checkpoint.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import list_checkpoints, store_checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.messages.message import Message
from dropout_mnist.recording.recording import Recording
from dropout_mnist.server.limits import QueueLimits, RefusedError
from dropout_mnist.server.pace import PaceBook
from dropout_mnist.server.presence import Presence
from dropout_mnist.server.recordings import make_recording
from dropout_mnist.server.runs import Job, Run, RunState
from dropout_mnist.server.schedule import Candidate, Turn, deadlines, in_order, pause_time, waiting_times
from dropout_mnist.server.shares import Shares
from dropout_mnist.server.tasks import Tasks
from dropout_mnist.server.worker import LoadDataset, Worker

# Ended runs that are remembered, the latest ones; and as many that were shared.
MAX_ENDED = 20


class TrainingQueue:
    """Train what is submitted, one run at a time, on a thread of its own.

    Args:
        load_dataset: loads a data set by name, reporting its download; may keep it for the next call.
        store: saves a checkpoint and returns where.
        limits: what is refused; None for the defaults.
        clock: returns seconds.

    Attributes:
        limits: what is refused.
        paces: how fast this machine trains, learned from the runs.
        presence: who is here; runs of those who are gone give way.
        tasks: short work for visitors, done before the next epoch of any run.
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
        self.presence = Presence(clock)
        self._worker = Worker(load_dataset, self.paces, self.limits.max_minutes, store, clock)
        self._clock = clock
        # By person, the deadline of their latest run that has begun: their next one counts from then on.
        self._turns: dict[str, float] = {}
        self._jobs: dict[int, Job] = {}
        self._ended: list[int] = []
        self._shares = Shares()
        self._ids = count(1)
        self._changed = threading.Condition()
        self.tasks = Tasks(self._changed, self.limits.max_waiting)
        self._closed = False
        self._working: Job | None = None
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
            run = Run(id=next(self._ids), config=config, pace=self.paces.known(config))
            self._jobs[run.id] = Job(run, {owner}, self._clock())
            self._changed.notify_all()
            return run.id

    def _check_room(self, config: TrainConfig, owner: str, jobs: list[Job]) -> None:
        if sum(owner in job.owners for job in jobs) >= self.limits.max_runs_per_person:
            raise RefusedError(
                Message(
                    "You have as many runs in the queue as one visitor may have ({limit}): wait until one has ended, "
                    "or remove one.",
                    limit=self.limits.max_runs_per_person,
                )
            )
        if sum(job.run.waiting for job in jobs) >= self.limits.max_waiting:
            raise RefusedError(
                Message("The queue is full: {count} runs are waiting. Try again later.", count=self.limits.max_waiting)
            )
        kept = {path.stem for path in list_checkpoints()} | {job.run.config.name for job in jobs}
        if config.name not in kept and len(kept) >= self.limits.max_models:
            raise RefusedError(
                Message(
                    "This server keeps at most {limit:,} trained models: choose settings that were trained before, or "
                    "ask its owner to remove some.",
                    limit=self.limits.max_models,
                )
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

    def stop_anyones(self, run_id: int) -> None:
        """Stop a run, whoever asked for it."""
        with self._changed:
            if job := self._jobs.get(run_id):
                self._stop(job)

    def _stop(self, job: Job) -> None:
        if job.stop.is_set() or not job.run.active:
            return
        job.stop.set()
        if job.run.state is RunState.WAITING:
            job.update(state=RunState.STOPPED)
            self._note_end(job)
        elif job.run.state is RunState.PAUSED and not self._closed:
            # Another run is in training: store the finished epochs next to it.
            threading.Thread(target=self._work_on, args=(job,), name="storing", daemon=True).start()

    def hand_over(self, owner: str, new_owner: str) -> None:
        """Give a person's runs and turn to a new name of that person."""
        with self._changed:
            for job in self._jobs.values():
                if owner in job.owners:
                    job.owners = job.owners - {owner} | {new_owner}
            if turn := self._turns.pop(owner, 0.0):
                self._turns[new_owner] = max(turn, self._turns.get(new_owner, 0.0))

    def owns(self, owner: str, run_id: int) -> bool:
        """Whether this person asked for this run."""
        job = self._jobs.get(run_id)
        return job is not None and owner in job.owners

    def share(self, run_ids: Sequence[int]) -> str:
        """Return a token with which anybody can follow these runs together; it cannot be guessed."""
        with self._changed:
            return self._shares.token([run_id for run_id in run_ids if run_id in self._jobs])

    def shared_runs(self, token: str) -> list[Run]:
        """Return the runs that this token opens; none if it is wrong, or if they are forgotten."""
        with self._changed:
            return [self._jobs[run_id].run for run_id in self._shares.opened_by(token)]

    def close(self) -> None:
        """End all runs, keeping their finished epochs, and the worker; wait until it has ended."""
        self.tasks.close()
        with self._changed:
            self._closed = True
            jobs = [job for job in self._jobs.values() if job.run.active]
            paused = [job for job in jobs if job.run.state is RunState.PAUSED and not job.stop.is_set()]
            for job in jobs:
                self._stop(job)
            self._changed.notify_all()
        self.paces.close()
        # On this thread: no other one can begin while the interpreter ends.
        for job in paused:
            self._work_on(job)
        with self._changed:
            self._changed.wait_for(lambda: not any(job.run.active for job in jobs))
        self._thread.join()

    def get(self, run_id: int) -> Run | None:
        """Return a run as it is now, or None if it is unknown or forgotten."""
        job = self._jobs.get(run_id)
        return job.run if job else None

    def active_runs(self) -> list[Run]:
        """Return the run in training, if there is one, and the waiting ones in their order."""
        with self._changed:
            waiting = self._waiting()
            working = [job.run for job in self._jobs.values() if job.run.active and job not in waiting]
            order = in_order([self._candidate(job) for job in waiting], self._turns)
            return [*working, *(self._jobs[candidate.id].run for candidate in order)]

    def seconds_until(self, run_id: int) -> float | None:
        """Return an estimate of how long a run will wait until it begins or continues, or None if it is unknown."""
        with self._changed:
            job, waiting = self._jobs.get(run_id), self._waiting()
            if job is None or not job.run.active:
                return None
            if job not in waiting:
                return 0.0
            working = self._working if self._working and self._working.run.active else None
            turn = self._turn(working) if working and working not in waiting else None
            candidates = [self._candidate(job) for job in waiting]
            seconds = waiting_times(turn, candidates, self._turns, self._clock())[run_id]
            return None if math.isinf(seconds) else seconds

    def runs_of(self, owner: str) -> list[Run]:
        """Return all of a person's runs that are remembered, in the order in which they were submitted."""
        with self._changed:
            return [job.run for job in self._jobs.values() if owner in job.owners]

    def latest_run(self, owner: str = "") -> Run | None:
        """Return a person's run that ended last, of those that began, or None."""
        with self._changed:
            ended = [self._jobs[run_id] for run_id in self._ended]
        mine = (job.run for job in reversed(ended) if owner in job.owners)
        return next((run for run in mine if run.history or run.message), None)

    def recording(self, run_id: int) -> Recording | None:
        """Return the recording of a run, None if it has not begun or if its recording made room for others."""
        job = self._jobs.get(run_id)
        return job.recording if job else None

    def wait(self, run_id: int, timeout: float) -> Run | None:
        """Wait for `timeout` seconds at most until a run has ended, and return it as it is then."""
        with self._changed:
            self._changed.wait_for(lambda: not ((run := self.get(run_id)) and run.active), timeout)
        return self.get(run_id)

    def _note_end(self, job: Job) -> None:
        self._ended.append(job.run.id)
        shared = [run_id for run_id in self._ended if run_id in self._shares]
        others = [run_id for run_id in self._ended if run_id not in self._shares]
        for run_id in (*shared[:-MAX_ENDED], *others[:-MAX_ENDED]):
            self._ended.remove(run_id)
            self._shares.discard(run_id)
            del self._jobs[run_id]
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self.tasks) or bool(self._waiting()))
            self.tasks.run_all()
            with self._changed:
                self._working = self._begin_next()
                if self._working is None and self._closed:
                    return
            if self._working is not None:
                self._work_on(self._working)

    def _begin_next(self) -> Job | None:
        waiting = [self._candidate(job) for job in self._waiting()]
        if not waiting:
            return None
        chosen = in_order(waiting, self._turns)[0]
        end, now = deadlines(waiting, self._turns)[chosen.id], self._clock()
        turns = self._turns | {owner: max(end, self._turns.get(owner, end)) for owner in chosen.owners}
        self._turns = {owner: turn for owner, turn in turns.items() if turn > now}
        job = self._jobs[chosen.id]
        job.since = now
        make_recording(job, self._jobs.values(), self.limits.max_recorded_megabytes)
        job.update(state=RunState.LOADING)
        return job

    def _work_on(self, job: Job) -> None:
        end = self._worker.work_on(job, lambda: self._between_epochs(job), keep_state=lambda: self._closed)
        with self._changed:
            job.since = self._clock()
            job.update(**end, progress=None, download=None)
            if not job.run.active:
                self._note_end(job)
            # It was stopped after it had decided to pause.
            is_over = job.run.active and job.stop.is_set()
        if is_over:
            self._work_on(job)

    def _between_epochs(self, job: Job) -> bool:
        """Do the tasks that are waiting; return whether a run pauses then."""
        self.tasks.run_all()
        return self._should_pause(job)

    def _should_pause(self, job: Job) -> bool:
        """Whether a run, at the end of an epoch, pauses for a waiting one."""
        with self._changed:
            if job.stop.is_set():
                return False
            now, waiting = self._clock(), [self._candidate(other) for other in self._waiting()]
            time = pause_time(replace(self._turn(job), epoch_left=0.0), waiting, self._turns, now)
            return time is not None and time <= now

    def _waiting(self) -> list[Job]:
        """Return the waiting jobs in the order in which they were submitted."""
        return [job for job in self._jobs.values() if job.run.waiting and not job.stop.is_set()]

    def _turn(self, job: Job) -> Turn:
        run = self._candidate(job)
        later_epochs = job.run.config.epochs - len(job.run.history) - 1
        return Turn(run, job.since, epoch_left=max(0.0, run.left - later_epochs * run.epoch) if run.epoch else 0.0)

    def _candidate(self, job: Job) -> Candidate:
        # The latest pace for all runs of a kind: a busy machine's speed varies, and their lengths are compared.
        run = replace(job.run, pace=self.paces.known(job.run.config))
        return Candidate(
            id=run.id,
            owners=frozenset(job.owners),
            since=job.since,
            left=math.inf if run.seconds_left is None else run.seconds_left,
            epoch=run.pace.seconds(run.config) / run.config.epochs if run.pace else 0.0,
            has_begun=run.state is not RunState.WAITING,
            is_abandoned=all(map(self.presence.is_gone, job.owners)),
        )
