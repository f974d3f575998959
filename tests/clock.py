"""A clock that the test sets."""


class Clock:
    """Return `now`, in seconds, which only the test changes."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now
