from dropout_mnist.hardware.threads import ThreadChooser


def paced(costs: list[dict[int, float]]) -> tuple[list[int], float]:
    """Return the number of threads used for each item, and all seconds; `costs` gives an item's by threads."""
    now, threads = 0.0, 0
    used: list[int] = []

    def set_threads(number: int) -> None:
        nonlocal threads
        threads = number

    chooser = ThreadChooser((2, 1), clock=lambda: now, set_threads=set_threads)
    for cost in chooser.pace(costs):
        used.append(threads)
        now += cost[threads]
    chooser.settle()
    assert threads == min(costs[-1], key=costs[-1].__getitem__)
    chooser.release()
    assert threads == 2
    return used, now


ALONE, BUSY, CROWDED = {2: 1.0, 1: 1.35}, {2: 3.7, 1: 1.35}, {2: 20.0, 1: 2.0}


def test_all_threads_are_used_on_an_idle_machine() -> None:
    used, seconds = paced([ALONE] * 1_000)
    assert set(used[:10]) == {1}
    assert seconds < 1_000 * 1.03


def test_one_thread_is_used_next_to_other_work() -> None:
    _, seconds = paced([BUSY] * 1_000)
    assert seconds < 1_350 * 1.2


def test_try_of_more_threads_ends_early_on_a_crowded_machine() -> None:
    _, seconds = paced([CROWDED] * 1_000)
    assert seconds < 2_000 * 1.2


def test_choice_follows_the_load() -> None:
    used, _ = paced([ALONE] * 500 + [BUSY] * 500 + [ALONE] * 500)
    assert used[200:500].count(2) >= 270
    assert used[520:1_000].count(1) >= 430
    assert used[1_200:].count(2) >= 270


def test_single_candidate_stays() -> None:
    used: list[int] = []
    assert list(ThreadChooser((1,), set_threads=used.append).pace("abc")) == ["a", "b", "c"]
    assert set(used) == {1}
