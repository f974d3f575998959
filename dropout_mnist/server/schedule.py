"""Decide which run trains next, when it pauses for another, and from that how long each has to wait.

Waiting runs go in the order in which they would end if everybody had a machine of their own: fair queueing (Demers,
Keshav & Shenker, "Analysis and Simulation of a Fair Queueing Algorithm", SIGCOMM 1989). So short runs overtake long
ones, and a person's second run comes after other people's first. But a run counts as ten minutes long at most, so
nothing submitted later than that overtakes it.

A run in training pauses between two epochs for runs that are at most half as long. From then on it counts as two
minutes long at most. So even the longest run ends, however many short ones keep coming.

All times are in seconds on one clock. Nothing here knows a thread or a network.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

# A run counts as at most this long, ...
LONGEST = 600.0
# ... once it has begun as at most this long, ...
LONGEST_BEGUN = 120.0
# ... and as this long if everybody who asked for it is gone.
ABANDONED = 1_800.0
# A run trains for at least this long before it pauses.
SLICE = 30.0


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What the schedule knows of a run that waits or trains.

    Attributes:
        id: of the run.
        owners: who asked for it.
        since: when it was submitted, or when it paused.
        left: an estimate of the training time left; infinite if it is unknown.
        epoch: an estimate of the time of one epoch.
        has_begun: whether it has been in training.
        is_abandoned: whether all its owners are gone.
    """

    id: int
    owners: frozenset[str]
    since: float
    left: float = math.inf
    epoch: float = 0.0
    has_begun: bool = False
    is_abandoned: bool = False

    @property
    def length(self) -> float:
        """The time that the run counts as."""
        if self.is_abandoned:
            return ABANDONED
        return min(self.left, LONGEST_BEGUN if self.has_begun else LONGEST)


@dataclass(frozen=True)
class Turn:
    """The run in training.

    Attributes:
        run: with the time left as of now.
        began: when it began or continued.
        epoch_left: an estimate of the time until the end of its epoch.
    """

    run: Candidate
    began: float
    epoch_left: float


def deadlines(waiting: Iterable[Candidate], turns: Mapping[str, float]) -> dict[int, float]:
    """Return by id when each waiting run would end if everybody had a machine of their own.

    Args:
        waiting: in the order in which they were submitted.
        turns: by person, the deadline of their latest run that has begun.
    """
    latest = dict(turns)
    ends = {}
    for run in waiting:
        begin = run.since
        if not run.has_begun:
            begin = max(begin, min(latest.get(owner, begin) for owner in run.owners))
        ends[run.id] = begin + run.length
        latest |= {owner: max(ends[run.id], latest.get(owner, 0.0)) for owner in run.owners}
    return ends


def in_order(waiting: Sequence[Candidate], turns: Mapping[str, float]) -> list[Candidate]:
    """Return waiting runs in the order in which they will train; see `deadlines` for the arguments."""
    ends = deadlines(waiting, turns)
    return sorted(waiting, key=lambda run: (ends[run.id], run.has_begun, run.id))


def pause_time(turn: Turn, waiting: Sequence[Candidate], turns: Mapping[str, float], now: float) -> float | None:
    """Return when the run in training will pause for a waiting one: at the end of an epoch; None if it will not."""
    run, end = turn.run, now + turn.run.left
    ends = deadlines(waiting, turns)
    earliest = max(now + turn.epoch_left, turn.began + SLICE)
    times = []
    for other in waiting:
        if not run.is_abandoned and ends[other.id] >= end:
            continue
        # A run that pauses from this time on comes after the other one.
        behind = ends[other.id] - (ABANDONED if run.is_abandoned else LONGEST_BEGUN)
        time = _end_of_epoch(turn, max(earliest, behind), now)
        gives_way = run.is_abandoned and not other.is_abandoned
        if time < (end if gives_way else end - 2 * other.left):
            times.append(time)
    return min(times, default=None)


def _end_of_epoch(turn: Turn, time: float, now: float) -> float:
    """Return the end of the epoch that contains this time."""
    first = now + turn.epoch_left
    if time <= first or turn.run.epoch <= 0:
        return max(time, first)
    return first + math.ceil((time - first) / turn.run.epoch) * turn.run.epoch


def waiting_times(
    turn: Turn | None, waiting: Sequence[Candidate], turns: Mapping[str, float], now: float
) -> dict[int, float]:
    """Return by id how long each waiting run will wait until it begins or continues, if nobody submits another.

    It plays the schedule through. Times after a run of unknown length are infinite.

    Args:
        turn: the run in training, None if there is none.
        waiting: in the order in which they were submitted.
        turns: by person, the deadline of their latest run that has begun.
        now: the current time.
    """
    queue, latest, time = list(waiting), dict(turns), now
    times: dict[int, float] = {}
    while not times.keys() >= {run.id for run in waiting}:
        if turn is None:
            ends = deadlines(queue, latest)
            run = in_order(queue, latest)[0]
            times.setdefault(run.id, time - now)
            if math.isinf(time + run.left):
                break
            queue.remove(run)
            latest |= {owner: max(ends[run.id], latest.get(owner, 0.0)) for owner in run.owners}
            turn = Turn(run, began=time, epoch_left=run.epoch)
        pause = pause_time(turn, queue, latest, time)
        if pause is None:
            time += turn.run.left
        else:
            paused = replace(turn.run, since=pause, left=turn.run.left - (pause - time), has_begun=True)
            queue = sorted([*queue, paused], key=lambda run: run.id)
            time = pause
        turn = None
    return {run.id: times.get(run.id, math.inf) for run in waiting}
