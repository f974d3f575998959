"""Bound the memory that the recordings of runs take."""

from collections.abc import Iterable

from dropout_mnist.recording.recording import MOMENTS, Recording
from dropout_mnist.server.runs import Job


def make_recording(job: Job, jobs: Iterable[Job], max_megabytes: int) -> None:
    """Give a run that begins a recording, and drop recordings of other runs to make room for it.

    A person has the recording of their latest run only. All recordings together have at most this size; those of ended
    runs are dropped first, and of them the oldest. A run whose networks alone are larger has none of them recorded.

    Args:
        job: of the run; a recording that it has already, after a pause, is kept.
        jobs: of all runs, in the order in which they were submitted.
        max_megabytes: of networks.
    """
    if job.recording is None:
        moments = MOMENTS if MOMENTS * job.run.config.weight_count <= max_megabytes * 1_000_000 else 0
        job.recording = Recording(moments)
    recorded = [other for other in jobs if other.recording is not None and other is not job]
    for other in recorded:
        if not other.run.active and other.owners <= job.owners:
            other.recording = None
    oldest_first = sorted(recorded, key=lambda other: other.run.active)
    while sum(map(_size, (*oldest_first, job))) > max_megabytes * 1_000_000:
        oldest_first.pop(0).recording = None


def _size(job: Job) -> int:
    """Return the bytes of a run's recorded networks once they are complete: a weight takes one."""
    return job.recording.max_moments * job.run.config.weight_count if job.recording is not None else 0
