"""What is kept in memory is bounded by its size."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.storage.shipped import shipped_folder
from dropout_mnist.ui.keeping import keep_latest
from dropout_mnist.ui.resources import checkpoint_bytes, load_cached

TIMEOUT = 60


class Maker:
    """Makes texts of a given length, and notes which."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, name: str, length: int) -> bytes:
        self.made.append(name)
        return name.encode() * length


def test_what_was_not_used_for_longest_makes_room_by_size() -> None:
    maker = Maker()
    make = keep_latest(10, len)(maker)
    for name in "abaca":
        make(name, 4)
    # a was used between b and c.
    assert maker.made == ["a", "b", "c"]
    make("b", 4)
    assert maker.made == ["a", "b", "c", "b"]
    # Five small ones take no more than one large one.
    small = [make(name, 2) for name in "vwxyz"]
    assert [make(name, 2) for name in "vwxyz"] == small
    assert maker.made[4:] == [*"vwxyz"]


def test_what_is_larger_than_the_limit_is_returned_and_drops_nothing() -> None:
    maker = Maker()
    make = keep_latest(10, len)(maker)
    make("a", 4)
    assert make("large", 4) == make("large", 4) == b"large" * 4
    make("a", 4)
    assert maker.made == ["a", "large", "large"]


def test_what_fails_is_tried_again() -> None:
    failures = [ValueError("damaged")]

    @keep_latest(10, len)
    def make() -> bytes:
        if failures:
            raise failures.pop()
        return b"made"

    with pytest.raises(ValueError, match="damaged"):
        make()
    assert make() == b"made"


def test_threads_that_ask_for_the_same_wait_for_one_of_them() -> None:
    began, go_on = threading.Event(), threading.Event()
    calls: list[int] = []

    @keep_latest(10, len)
    def make(name: str) -> bytes:
        calls.append(1)
        began.set()
        assert go_on.wait(TIMEOUT)
        return name.encode()

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(make, "a")
        assert began.wait(TIMEOUT)
        others = [pool.submit(make, "a") for _ in range(3)]
        go_on.set()
        assert {future.result(TIMEOUT) for future in [first, *others]} == {b"a"}
    assert len(calls) == 1


def test_checkpoint_counts_with_the_memory_of_its_weights() -> None:
    path = shipped_folder("weights") / "plain-p0.30.safetensors"
    checkpoint = Checkpoint.load(path)
    assert checkpoint_bytes(checkpoint) == sum(weight.nbytes for weight in checkpoint.model.parameters())
    assert load_cached(path)[1] is load_cached(path)[1]
