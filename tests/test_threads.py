from dropout_mnist.hardware.threads import ThreadChooser


def paced(costs: list[dict[int, float]]) -> list[int]:
    """Return the number of threads used for each item; `costs` gives its seconds by number of threads."""
    now, threads = 0.0, 0
    used: list[int] = []

    def set_threads(number: int) -> None:
        nonlocal threads
        threads = number

    chooser = ThreadChooser((2, 1), clock=lambda: now, set_threads=set_threads)
    for cost in chooser.pace(costs):
        used.append(threads)
        now += cost[threads]
    assert threads == min(costs[-1], key=costs[-1].__getitem__)
    chooser.release()
    assert threads == 2
    return used


ALONE, BUSY = {2: 1.0, 1: 1.35}, {2: 3.7, 1: 1.35}


def test_all_threads_are_used_on_an_idle_machine() -> None:
    used = paced([ALONE] * 100)
    assert used[:2] == [2, 1]
    assert used.count(1) < 10


def test_one_thread_is_used_next_to_other_work() -> None:
    used = paced([BUSY] * 100)
    assert used.count(2) < 10


def test_choice_follows_the_load() -> None:
    used = paced([ALONE] * 50 + [BUSY] * 50 + [ALONE] * 50)
    assert used[20:50].count(2) >= 27
    assert used[55:100].count(1) >= 40
    assert used[120:].count(2) >= 26


def test_single_candidate_stays() -> None:
    used: list[int] = []
    assert list(ThreadChooser((1,), set_threads=used.append).pace("abc")) == ["a", "b", "c"]
    assert set(used) == {1}
