"""Short tasks on the training thread. Tests wait for events."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.server.limits import QueueLimits, RefusedError
from dropout_mnist.server.queue import TrainingQueue

from .test_queue import TIMEOUT, StartQueue, start_queue, wait_for_epochs

__all__ = ["start_queue"]


class Work:
    """A task that begins, waits for the test, and ends with an answer."""

    def __init__(self) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()

    def __call__(self, should_stop: Callable[[], bool]) -> str:
        self.began.set()
        assert self.go_on.wait(TIMEOUT)
        return "stopped" if should_stop() else threading.current_thread().name


@pytest.fixture
def queue(start_queue: StartQueue, tiny: Dataset) -> TrainingQueue:
    return start_queue(lambda name, report: tiny, limits=QueueLimits(max_waiting=2))


def test_task_is_done_on_the_training_thread(queue: TrainingQueue) -> None:
    work = Work()
    task = queue.tasks.submit(work, "me")
    work.go_on.set()
    assert task.future.result(TIMEOUT) == "training"


def test_tasks_are_done_in_their_order_and_one_at_a_time(queue: TrainingQueue) -> None:
    first, second = Work(), Work()
    tasks = [queue.tasks.submit(first, "me"), queue.tasks.submit(second, "you")]
    assert first.began.wait(TIMEOUT)
    assert not second.began.is_set()
    first.go_on.set()
    assert second.began.wait(TIMEOUT)
    second.go_on.set()
    assert [task.future.result(TIMEOUT) for task in tasks] == ["training"] * 2


def test_task_is_done_between_two_epochs_of_a_run(queue: TrainingQueue, tiny_config: TrainConfig) -> None:
    run = queue.submit(replace(tiny_config, epochs=1_000), "me")
    wait_for_epochs(queue, run, 1)
    work = Work()
    task = queue.tasks.submit(work, "you")
    assert work.began.wait(TIMEOUT)
    found = queue.get(run)
    assert found is not None
    assert found.active
    epochs = len(found.history)
    work.go_on.set()
    assert task.future.result(TIMEOUT) == "training"
    wait_for_epochs(queue, run, epochs + 1)
    queue.stop(run, "me")


def test_one_person_has_one_task_and_the_queue_is_bounded(queue: TrainingQueue) -> None:
    work = Work()
    queue.tasks.submit(work, "me")
    assert work.began.wait(TIMEOUT)
    with pytest.raises(RefusedError, match="learning from your digits already"):
        queue.tasks.submit(Work(), "me")
    waiting = [queue.tasks.submit(Work(), name) for name in ("a", "b")]
    with pytest.raises(RefusedError, match="The queue is full: 2 visitors are waiting"):
        queue.tasks.submit(Work(), "c")
    for task in waiting:
        task.cancel()
    work.go_on.set()


def test_person_whose_task_was_cancelled_can_ask_again(queue: TrainingQueue) -> None:
    first = Work()
    queue.tasks.submit(first, "me")
    assert first.began.wait(TIMEOUT)
    waiting = queue.tasks.submit(Work(), "you")
    waiting.cancel()
    assert waiting.future.cancelled()
    again = Work()
    task = queue.tasks.submit(again, "you")
    first.go_on.set()
    again.go_on.set()
    assert task.future.result(TIMEOUT) == "training"


def test_task_in_progress_is_asked_to_stop(queue: TrainingQueue) -> None:
    work = Work()
    task = queue.tasks.submit(work, "me")
    assert work.began.wait(TIMEOUT)
    task.cancel()
    work.go_on.set()
    assert task.future.result(TIMEOUT) == "stopped"


def test_failed_task_does_not_end_the_next(queue: TrainingQueue) -> None:
    def fail(should_stop: Callable[[], bool]) -> None:
        raise MemoryError("none left")

    failed = queue.tasks.submit(fail, "me")
    with pytest.raises(MemoryError):
        failed.future.result(TIMEOUT)
    work = Work()
    work.go_on.set()
    assert queue.tasks.submit(work, "me").future.result(TIMEOUT) == "training"


def test_closing_cancels_what_waits_and_stops_what_is_done(start_queue: StartQueue, tiny: Dataset) -> None:
    queue = start_queue(lambda name, report: tiny)
    work = Work()
    task, waiting = queue.tasks.submit(work, "me"), queue.tasks.submit(Work(), "you")
    assert work.began.wait(TIMEOUT)
    closing = threading.Thread(target=queue.close)
    closing.start()
    assert task.stop.wait(TIMEOUT)
    work.go_on.set()
    closing.join(TIMEOUT)
    assert not closing.is_alive()
    assert task.future.result(TIMEOUT) == "stopped"
    assert waiting.future.cancelled()
    with pytest.raises(RefusedError, match="about to end"):
        queue.tasks.submit(Work(), "me")
