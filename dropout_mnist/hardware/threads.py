"""Choose the number of threads while training runs, so that other work on the machine does not stall it.

The threads of a matrix product wait for each other. Where other programs keep the cores busy, some of them are not
scheduled, the rest spin, and two threads are several times slower than one. Which number is best changes while a run
goes on, so it is measured all the time.

The result must not depend on that choice, so only numbers of threads are used that give the same bits. How a sum is
split among threads depends on the shapes alone, so one step of a run tells. Products in bfloat16 (oneDNN) do not depend
on the number of threads. Products in float32 (MKL) do less so in MKL's strict reproducible mode.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from dropout_mnist.hardware.machine import Machine

Item = TypeVar("Item")

# MKL reads this at its first product. https://www.intel.com/content/www/us/en/docs/onemkl/developer-guide-linux/2024-2/
# section "Reproducibility Conditions".
_MODE = "MKL_CBWR"
os.environ.setdefault(_MODE, "AUTO,STRICT")

# The work on this many items is timed together.
_WINDOW = 10
# A number of threads that is not in use is tried again after this many windows.
_RETRY_AFTER = 16
# A window ends early when it takes this many times as long as the fastest number of threads needs for it.
_HOPELESS = 2


class ThreadChooser:
    """Choose the number of threads that is fastest at the moment.

    Args:
        candidates: numbers of threads that give the same results.
        clock: returns seconds.
        set_threads: sets the number of threads.
    """

    def __init__(
        self,
        candidates: Iterable[int],
        clock: Callable[[], float] = time.perf_counter,
        set_threads: Callable[[int], None] = torch.set_num_threads,
    ) -> None:
        self._candidates = sorted(set(candidates))
        self._clock = clock
        self._set_threads = set_threads
        self._means: dict[int, float] = {}  # seconds per item, of the latest window
        self._ended_at: dict[int, int] = {}  # that window's number
        self._windows = 0
        self._threads = self._candidates[0]
        self._times: list[float] = []

    def pace(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, each with a number of threads chosen for it; the work on each should take about as long."""
        for item in items:
            self._set_threads(self._threads)
            start = self._clock()
            yield item
            self._times.append(self._clock() - start)
            if len(self._times) == _WINDOW or self._is_hopeless():
                self._end_window()

    def settle(self) -> None:
        """Set the number of threads that was fastest, for what comes between the items."""
        self._set_threads(self._fastest() if self._means else self._threads)

    def release(self) -> None:
        """Set the largest number of threads."""
        self._set_threads(self._candidates[-1])

    def _is_hopeless(self) -> bool:
        others = [mean for threads, mean in self._means.items() if threads != self._threads]
        return bool(others) and sum(self._times) > _HOPELESS * _WINDOW * min(others)

    def _end_window(self) -> None:
        self._windows += 1
        self._means[self._threads] = sum(self._times) / len(self._times)
        self._ended_at[self._threads] = self._windows
        self._times = []
        overdue = [
            threads
            for threads in self._candidates
            if threads not in self._means or self._windows - self._ended_at[threads] >= _RETRY_AFTER
        ]
        self._threads = overdue[0] if overdue else self._fastest()

    def _fastest(self) -> int:
        return min(self._means, key=lambda threads: self._means[threads])


def equal_thread_counts(compute: Callable[[], Sequence[Tensor]], most: int) -> tuple[int, ...]:
    """Return the largest number of threads that this process may use, and 1 if that gives the same bits.

    Args:
        compute: a computation that is the same each time, in all its shapes like the one to come.
        most: no more threads than this.
    """
    own = torch.get_num_threads()
    largest = min(most, Machine.inspect().cores)
    if largest == 1:
        return (1,)
    try:
        torch.set_num_threads(largest)
        expected = compute()
        torch.set_num_threads(1)
        found = compute()
    finally:
        torch.set_num_threads(own)
    same = all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))
    return (1, largest) if same else (largest,)
