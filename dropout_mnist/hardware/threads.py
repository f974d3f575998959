"""Choose the number of threads while training runs, so that other work on the machine does not stall it.

The threads of a matrix product wait for each other. Where other programs keep the cores busy, some of them are not
scheduled, the rest spin, and two threads are several times slower than one. Which number is best changes while a run
goes on, so it is measured all the time.

The result must not depend on that choice. MKL, which computes products in float32, splits sums by the number of threads
unless it is in strict reproducible mode. oneDNN's products in bfloat16 do not depend on it.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import torch

Item = TypeVar("Item")

# MKL reads this at its first product. https://www.intel.com/content/www/us/en/docs/onemkl/developer-guide-linux/2024-2/
# section "Reproducibility Conditions".
_MODE = "MKL_CBWR"
os.environ.setdefault(_MODE, "AUTO,STRICT")

# A number of threads that is not in use is tried again after this many items.
_RETRY_AFTER = 16


class ThreadChooser:
    """Choose the number of threads that is fastest at the moment: one, or all that torch may use.

    Args:
        candidates: numbers of threads; None for one and torch's own number, or that alone where the result of a
            product would depend on it.
        clock: returns seconds.
        set_threads: sets the number of threads.
    """

    def __init__(
        self,
        candidates: Iterable[int] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        set_threads: Callable[[int], None] = torch.set_num_threads,
    ) -> None:
        self._candidates = sorted(set(candidates or _safe_candidates()), reverse=True)
        self._clock = clock
        self._set_threads = set_threads
        self._seconds = dict.fromkeys(self._candidates, 0.0)  # of the latest item: unknown ones come first
        self._tried = dict.fromkeys(self._candidates, 0)
        self._count = 0

    def pace(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, which should take about the same time, each with a number of threads that was chosen for it.

        In the end the fastest number stays set, for what comes between this loop and the next, until `release`.
        """
        for item in items:
            threads = self._choose()
            self._set_threads(threads)
            start = self._clock()
            yield item
            self._seconds[threads] = self._clock() - start
            self._count += 1
            self._tried[threads] = self._count
        self._set_threads(self._fastest())

    def release(self) -> None:
        """Set the largest number of threads."""
        self._set_threads(self._candidates[0])

    def _choose(self) -> int:
        for threads in self._candidates:
            if self._count - self._tried[threads] >= _RETRY_AFTER:
                return threads
        return self._fastest()

    def _fastest(self) -> int:
        return min(self._candidates, key=lambda threads: self._seconds[threads])


def _safe_candidates() -> tuple[int, ...]:
    threads = torch.get_num_threads()
    strict = torch.backends.mkl.is_available() and os.environ[_MODE].endswith("STRICT")
    return (threads, 1) if strict else (threads,)
