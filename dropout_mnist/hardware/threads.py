"""Choose the number of threads while training runs, so that other work on the machine does not stall it.

The threads of a matrix product wait for each other. Where other programs keep the cores busy, some of them are not
scheduled, the rest spin, and two threads are several times slower than one. Which number is best changes during a
run, so it is measured again and again.

The result must not depend on that choice. How a sum is split among threads depends on its shape and its precision, not
on its values. So a run first tries what it computes with either number, and chooses only if the bits are the same.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self, TypeVar

import torch
from torch import Tensor

from dropout_mnist.hardware.machine import usable_cores

Item = TypeVar("Item")

# The work on the items of this many seconds is timed together.
_WINDOW_SECONDS = 0.05
# The number of threads that is not in use is tried again after this many windows at first. Each try that fails doubles
# it, up to the second number.
_FIRST_RETRY, _MOST_RETRY = 4, 64
# A try ends early when its items are slower by this factor, and have taken as long as this many of the others.
_SLOWER, _TRIED_ITEMS = 1.1, 3


class ThreadChooser:
    """Choose the number of threads that is fastest at the moment.

    The number belongs to the thread that sets it. Other threads of the process keep theirs, but one that computes for
    the first time meanwhile begins with the number chosen here.

    Args:
        candidates: one or two numbers of threads; the first is used at first.
        clock: returns seconds.
        get_threads: returns the number of threads, which is restored at the end.
        set_threads: sets it.
    """

    def __init__(
        self,
        candidates: Sequence[int],
        clock: Callable[[], float] = time.perf_counter,
        get_threads: Callable[[], int] = torch.get_num_threads,
        set_threads: Callable[[int], None] = torch.set_num_threads,
    ) -> None:
        self._candidates = candidates
        self._clock = clock
        self._set_threads = set_threads
        self._means: dict[int, float] = {}  # seconds per item, in the latest window of each number
        self._used = self._before = get_threads()
        self._chosen = candidates[0]
        self._retry_after, self._windows = _FIRST_RETRY, 0
        self._seconds, self._items, self._is_first = 0.0, 0, False

    def __enter__(self) -> Self:
        self._use(self._chosen)
        return self

    def __exit__(self, *exception: object) -> None:
        self._use(self._before)

    def pace(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, each with a number of threads chosen for it; the work on each should take about as long."""
        for item in items:
            start = self._clock()
            yield item
            if len(self._candidates) > 1:
                self._add(self._clock() - start)

    def _add(self, seconds: float) -> None:
        if self._is_first:  # after a change, threads start and products are prepared
            self._is_first = False
            return
        self._seconds += seconds
        self._items += 1
        mean = self._seconds / self._items
        best = self._means.get(self._chosen, mean)
        hopeless = mean > _SLOWER * best and self._seconds > _TRIED_ITEMS * best and self._used != self._chosen
        if self._seconds >= _WINDOW_SECONDS or hopeless:
            self._means[self._used] = mean
            self._end_window()

    def _end_window(self) -> None:
        fastest = min(self._means, key=self._means.__getitem__)
        self._windows += 1
        if fastest != self._chosen:
            self._chosen, self._retry_after, self._windows = fastest, _FIRST_RETRY, 0
        elif self._used != self._chosen:
            self._retry_after, self._windows = min(2 * self._retry_after, _MOST_RETRY), 0
        [other] = (threads for threads in self._candidates if threads != self._chosen)
        self._use(other if other not in self._means or self._windows >= self._retry_after else self._chosen)

    def _use(self, threads: int) -> None:
        self._seconds, self._items = 0.0, 0
        self._is_first = threads != self._used
        if self._is_first:  # setting it makes torch forget what it has prepared
            self._set_threads(threads)
            self._used = threads


def find_candidates(compute: Callable[[], Iterable[Tensor]] | None) -> tuple[int, ...]:
    """Return the numbers of threads to choose from: all that may be used, and one if that gives the same bits.

    Args:
        compute: computes everything whose bits matter, the same each time; None if there is no choice to make.
    """
    most = usable_threads()
    if most == 1 or compute is None:
        return (most,)
    before = torch.get_num_threads()
    digests = []
    try:
        for threads in (most, 1):
            torch.set_num_threads(threads)
            digests.append(_digest(compute()))
    finally:
        torch.set_num_threads(before)
    return (most, 1) if digests[0] == digests[1] else (most,)


def usable_threads() -> int:
    """Return the number of threads that torch uses, but no more than a container's quota of CPU time allows.

    `OMP_NUM_THREADS` comes before the quota.
    """
    threads = torch.get_num_threads()
    return threads if os.environ.get("OMP_NUM_THREADS") else min(threads, usable_cores())


def _digest(tensors: Iterable[Tensor]) -> bytes:
    digest = hashlib.blake2b()
    for tensor in tensors:
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.digest()
