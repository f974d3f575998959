"""Keep what was made last, within a limit of memory."""

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from cachetools import LRUCache, cached
from cachetools.keys import hashkey

Made = TypeVar("Made")


def keep_latest(
    max_bytes: int, size: Callable[[Made], int], key: Callable[..., Hashable] = hashkey
) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """Return a decorator that keeps what a function returns, and drops what was not used for longest.

    Threads that ask for the same wait until one of them has made it. What is larger than the limit by itself is not
    kept, and made again each time.

    Args:
        max_bytes: of all that is kept.
        size: returns the bytes of what the function returns.
        key: returns what identifies it, from the function's arguments.
    """
    kept: LRUCache[Any, Made] = LRUCache(max_bytes, size)
    return cached(kept, key, condition=threading.Condition())
