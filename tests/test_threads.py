import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from dropout_mnist.hardware import threads
from dropout_mnist.hardware.threads import ThreadChooser, find_candidates, usable_threads

SECONDS = 0.005


def paced(costs: list[dict[int, float]], unit: float = SECONDS) -> tuple[list[int], float]:
    """Return the number of threads used for each item, and the time of all.

    Args:
        costs: of each item by the number of threads, in units.
        unit: in seconds.
    """
    now, current = 0.0, 2
    used: list[int] = []

    def set_threads(number: int) -> None:
        nonlocal current
        current = number

    with ThreadChooser((2, 1), clock=lambda: now, get_threads=lambda: current, set_threads=set_threads) as chooser:
        for cost in chooser.pace(costs):
            used.append(current)
            now += cost[current] * unit
    assert current == 2
    return used, now / unit


ALONE, BUSY, CROWDED = {2: 1.0, 1: 1.35}, {2: 3.7, 1: 1.35}, {2: 20.0, 1: 2.0}


def test_all_threads_are_used_on_an_idle_machine() -> None:
    _, seconds = paced([ALONE] * 1_000)
    assert seconds < 1_000 * 1.05


def test_one_thread_is_used_next_to_other_work() -> None:
    _, seconds = paced([BUSY] * 1_000)
    assert seconds < 1_350 * 1.1


def test_try_of_more_threads_ends_early_on_a_crowded_machine() -> None:
    used, seconds = paced([CROWDED] * 1_000)
    assert used[-1] == 1
    assert seconds < 2_000 * 1.2


def test_try_that_is_slower_ends_after_a_few_items() -> None:
    # A whole window would have 37 items on one thread, and 13 on two.
    used, _ = paced([BUSY] * 3_000, SECONDS / 5)
    runs = [(threads, len(list(items))) for threads, items in itertools.groupby(used)]
    tries = [length for threads, length in runs[1:] if threads == 2]
    assert len(tries) > 2
    assert max(tries) <= 3


def test_choice_follows_the_load() -> None:
    used, _ = paced([ALONE] * 500 + [BUSY] * 500 + [ALONE] * 2_000)
    assert used[100:500].count(2) >= 380
    assert used[520:1_000].count(1) >= 450
    assert used[-1_000:].count(2) >= 950


def test_tries_become_rare_while_they_fail() -> None:
    used, _ = paced([ALONE] * 10_000)
    tries = [place for place in range(1, len(used)) if used[place] == 1 and used[place - 1] == 2]
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert gaps[0] < 100
    assert min(gaps[-3:]) > 600


def test_single_candidate_stays_and_the_earlier_number_is_restored() -> None:
    numbers: list[int] = []
    with ThreadChooser((3,), get_threads=lambda: 4, set_threads=numbers.append) as chooser:
        assert list(chooser.pace("abc")) == ["a", "b", "c"]
        assert numbers == [3]
    assert numbers == [3, 4]


def test_number_is_restored_after_an_error() -> None:
    numbers: list[int] = []
    with (
        pytest.raises(KeyboardInterrupt),
        ThreadChooser((3, 1), get_threads=lambda: 4, set_threads=numbers.append),
    ):
        raise KeyboardInterrupt
    assert numbers == [3, 4]


@pytest.fixture
def two_threads() -> object:
    """Let torch use two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("compute", "candidates"),
    [
        pytest.param(lambda: [torch.ones(3)], (2, 1), id="same bits"),
        pytest.param(lambda: [torch.ones(3), torch.tensor(1 / torch.get_num_threads())], (2,), id="other bits"),
        pytest.param(None, (2,), id="no choice to make"),
    ],
)
def test_one_thread_is_a_candidate_only_if_it_gives_the_same_bits(
    two_threads: object,
    monkeypatch: pytest.MonkeyPatch,
    compute: Callable[[], list[Tensor]] | None,
    candidates: tuple[int, ...],
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert find_candidates(compute) == candidates


def test_no_more_threads_than_the_quota_unless_the_variable_is_set(
    two_threads: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda: 1)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert usable_threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert usable_threads() == 2
