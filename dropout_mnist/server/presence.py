"""Keep track of who is here, so that the runs of those who left can give way."""

import threading
import time
from collections import Counter
from collections.abc import Callable

# After this many seconds somebody who left is gone.
GONE = 300.0
# After this many seconds it no longer matters that somebody left.
FORGOTTEN = 86_400.0


class Presence:
    """Count the open pages of each person. Any thread may use it.

    Somebody who was never seen counts as present: a run can be submitted without a page.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: Counter[str] = Counter()
        self._left: dict[str, float] = {}
        self._lock = threading.Lock()

    def arrive(self, person: str) -> None:
        """Note that a person opened a page."""
        with self._lock:
            self._pages[person] += 1
            self._left.pop(person, None)

    def leave(self, person: str) -> None:
        """Note that a person closed a page."""
        now = self._clock()
        with self._lock:
            self._pages[person] -= 1
            if self._pages[person] <= 0:
                del self._pages[person]
                self._left = {name: left for name, left in self._left.items() if now - left < FORGOTTEN}
                self._left[person] = now

    @property
    def pages(self) -> int:
        """The number of open pages of all persons."""
        with self._lock:
            return self._pages.total()

    def is_gone(self, person: str) -> bool:
        """Whether a person closed their last page five minutes ago or earlier."""
        left = self._left.get(person)
        return left is not None and self._clock() - left >= GONE
