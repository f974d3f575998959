"""The schedule, played through with times that the tests choose."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropout_mnist.server.schedule import (
    ABANDONED,
    LONGEST,
    LONGEST_BEGUN,
    SLICE,
    Candidate,
    Turn,
    deadlines,
    in_order,
    pause_time,
    waiting_times,
)

HOUR = 3_600.0


def run(number: int, owner: str, since: float, left: float, epoch: float = 1.0, **more: bool) -> Candidate:
    return Candidate(id=number, owners=frozenset({owner}), since=since, left=left, epoch=epoch, **more)


def order(*waiting: Candidate, **turns: float) -> list[int]:
    return [candidate.id for candidate in in_order(waiting, turns)]


def test_short_runs_overtake_long_ones_that_have_not_waited_long() -> None:
    long = run(1, "me", 0, HOUR)
    assert order(long, run(2, "you", 60, 20), run(3, "they", 70, 30)) == [2, 3, 1]
    assert order(long, run(2, "you", LONGEST, 20)) == [1, 2]


def test_paused_run_continues_before_other_long_ones() -> None:
    paused = run(1, "me", 100, HOUR, has_begun=True)
    assert order(paused, run(2, "you", 50, HOUR), run(3, "they", 50, 30)) == [3, 1, 2]
    assert order(paused, run(2, "you", 100 + LONGEST_BEGUN, 30)) == [1, 2]


def test_everybodys_first_run_comes_before_anybodys_second() -> None:
    mine = [run(number, "me", 0, 30) for number in (1, 2, 3)]
    yours = [run(number, "you", 1, 30) for number in (4, 5)]
    assert order(*mine, *yours) == [1, 4, 2, 5, 3]
    assert order(*mine, *yours, me=30.0) == [4, 1, 5, 2, 3]


def test_run_of_several_people_has_the_earliest_of_their_turns() -> None:
    shared = replace(run(2, "me", 0, 30), owners=frozenset({"me", "you"}))
    assert deadlines([run(1, "me", 0, 30), shared], {}) == {1: 30, 2: 30}


def test_abandoned_runs_come_later_but_not_last_for_ever() -> None:
    abandoned = run(1, "gone", 0, 30, is_abandoned=True)
    assert order(abandoned, run(2, "you", ABANDONED - 31, 30)) == [2, 1]
    assert order(abandoned, run(2, "you", ABANDONED, 30)) == [1, 2]


def test_long_run_pauses_at_the_end_of_an_epoch_for_a_shorter_one() -> None:
    turn = Turn(run(1, "me", 0, HOUR, epoch=20), began=0, epoch_left=15)
    # Not after 15 s, before its slice is over, but one epoch later.
    assert pause_time(turn, [run(2, "you", 5, 30)], {}, now=5) == 5 + 15 + 20
    assert pause_time(replace(turn, began=-SLICE), [run(2, "you", 5, 30)], {}, now=5) == 5 + 15
    assert pause_time(turn, [], {}, now=5) is None


def test_run_does_not_pause_for_one_that_is_more_than_half_as_long() -> None:
    turn = Turn(run(1, "me", 0, 100), began=0, epoch_left=1)
    assert pause_time(turn, [run(2, "you", 0, 60)], {}, now=0) is None
    assert pause_time(turn, [run(2, "you", 0, 30)], {}, now=0) == SLICE
    assert pause_time(turn, [run(2, "you", 0, 36)], {}, now=0) is None  # it is too late after the first slice
    assert pause_time(turn, [run(2, "you", 0, math.inf)], {}, now=0) is None


def test_abandoned_run_pauses_for_any_other() -> None:
    turn = Turn(run(1, "gone", 0, 100, is_abandoned=True), began=0, epoch_left=1)
    longer = run(2, "you", 0, HOUR)
    assert pause_time(turn, [longer], {}, now=0) == SLICE
    assert pause_time(turn, [replace(longer, is_abandoned=True)], {}, now=0) is None


def test_waiting_time_counts_on_pauses() -> None:
    turn = Turn(run(1, "me", 0, HOUR, epoch=20), began=0, epoch_left=10)
    short, long = run(2, "you", 20, 30), run(3, "they", 20, HOUR)
    # At the end of the second epoch the run pauses for the short one.
    assert waiting_times(turn, [short, long], {}, now=20) == {2: 10, 3: HOUR + 30}


def test_nothing_is_promised_behind_a_run_of_unknown_length() -> None:
    waiting = [run(1, "me", 0, math.inf), run(2, "you", 1_000, 30)]
    assert waiting_times(None, waiting, {}, now=1_000) == {1: 0, 2: math.inf}
    unknown = Turn(run(3, "me", 0, math.inf), began=0, epoch_left=1)
    assert waiting_times(unknown, waiting[:1], {}, now=1_000) == {1: math.inf}


def play(arrivals: list[Candidate], max_waiting: int = 100) -> tuple[dict[int, float], dict[int, float]]:
    """Train runs as the queue does, epoch by epoch; return when each began and when it ended, by id.

    Args:
        arrivals: in the order in which they are submitted.
        max_waiting: further runs are refused while this many wait.
    """
    now, turns, waiting, coming = 0.0, dict[str, float](), list[Candidate](), list(arrivals)
    began, ended = dict[int, float](), dict[int, float]()

    def let_in() -> None:
        while coming and coming[0].since <= now:
            arrival = coming.pop(0)
            if len(waiting) < max_waiting:
                waiting.append(arrival)

    while coming or waiting:
        now = now if waiting else max(now, coming[0].since)
        let_in()
        ends = deadlines(waiting, turns)
        current = in_order(waiting, turns)[0]
        waiting.remove(current)
        turns |= {owner: max(ends[current.id], turns.get(owner, 0.0)) for owner in current.owners}
        began.setdefault(current.id, now)
        slice_began = now
        while True:
            now += current.epoch
            current = replace(current, left=current.left - current.epoch)
            let_in()
            if current.left <= 0:
                ended[current.id] = now
                break
            pause = pause_time(Turn(current, slice_began, 0), waiting, turns, now)
            if pause is not None and pause <= now:
                waiting.append(replace(current, since=now, has_begun=True))
                waiting.sort(key=lambda run: run.id)
                break
    return began, ended


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["me", "you", "they"]), st.integers(1, 60), st.sampled_from([1, 7, 40, 200]), st.booleans()
        ),
        max_size=6,
    )
)
def test_estimates_are_what_happens_if_nobody_else_comes(drawn: list[tuple[str, int, int, bool]]) -> None:
    waiting = [
        run(number, owner, since=0, left=float(epochs * epoch), epoch=float(epoch), is_abandoned=is_abandoned)
        for number, (owner, epochs, epoch, is_abandoned) in enumerate(drawn)
    ]
    assert waiting_times(None, waiting, {}, now=0) == play(waiting)[0]


@pytest.mark.parametrize("is_abandoned", [False, True])
def test_long_run_ends_however_many_short_ones_keep_coming(is_abandoned: bool) -> None:
    long = run(0, "patient", 0, left=10 * SLICE, epoch=10, is_abandoned=is_abandoned)
    # More than the machine can do: for eight hours somebody new asks for half a minute every half minute.
    crowd = [run(number, f"visitor {number}", 30.0 * number, 30, epoch=10) for number in range(1, 8 * 120)]
    began, ended = play([long, *crowd], max_waiting=20)
    assert ended[0] < 6 * HOUR
    # Nobody else waits for long, and few are refused.
    assert max(began[number] - 30.0 * number for number in began if number) < 25 * 30
    assert len(ended) > 900
