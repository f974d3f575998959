"""The password of a server's owner, which unlocks stopping any run."""

import hmac
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Self

VARIABLE = "DROPOUT_MNIST_PASSWORD"

# This many wrong tries are accepted in this many seconds, of all visitors together: a visitor can have any number of
# names and addresses.
MAX_WRONG = 10
SECONDS = 60.0


class TooManyTriesError(Exception):
    """There were too many wrong tries lately.

    Attributes:
        seconds: until the next one is accepted.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong passwords: try again in {seconds} s.")
        self.seconds = seconds


class Password:
    """Compare tries with a password, in constant time and not too many. Any thread may use it.

    Args:
        text: the password.
        clock: returns seconds.
    """

    def __init__(self, text: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._password = text.encode(errors="surrogateescape")
        self._clock = clock
        self._wrong: deque[float] = deque(maxlen=MAX_WRONG)
        self._lock = threading.Lock()

    @classmethod
    def from_environment(cls) -> Self | None:
        """Return the password that the environment sets, or None."""
        text = os.environ.get(VARIABLE)
        return cls(text) if text else None

    def accepts(self, text: str) -> bool:
        """Whether this is the password.

        Raises:
            TooManyTriesError: there were too many wrong tries lately. This one was not compared.
        """
        with self._lock:
            now = self._clock()
            if len(self._wrong) == MAX_WRONG and now - self._wrong[0] < SECONDS:
                raise TooManyTriesError(math.ceil(SECONDS - (now - self._wrong[0])))
            if hmac.compare_digest(self._password, text.encode(errors="surrogateescape")):
                return True
            self._wrong.append(now)
            return False
