"""The queue without a page. Tests wait for events, and a run holds until the test lets it go on."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dropout_mnist.checkpoint import Checkpoint, load_checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.data.mnist_files import DataError, DownloadProgress, ReportDownload
from dropout_mnist.server.queue import LoadDataset, QueueLimits, RefusedError, Run, RunState, TrainingQueue
from dropout_mnist.training import EpochResult, train

TIMEOUT = 60

StartQueue = Callable[..., TrainingQueue]


class Gate:
    """Loads the data set only when it is opened, so that a run can be kept at its beginning."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset, self.entered, self.open = dataset, threading.Event(), threading.Event()

    def load(self, name: str, report: ReportDownload) -> Dataset:
        self.entered.set()
        assert self.open.wait(TIMEOUT)
        return self.dataset


@pytest.fixture
def gate(tiny: Dataset) -> Iterator[Gate]:
    gate = Gate(tiny)
    yield gate
    gate.open.set()


@pytest.fixture
def start_queue() -> Iterator[StartQueue]:
    """Start queues that are closed at the test's end."""
    queues: list[TrainingQueue] = []

    def start(load: LoadDataset, **options: Any) -> TrainingQueue:
        queues.append(TrainingQueue(load, **options))
        return queues[-1]

    yield start
    for queue in queues:
        queue.close()


def ended(queue: TrainingQueue, run_id: int) -> Run:
    run = queue.wait(run_id, TIMEOUT)
    assert run is not None
    assert not run.active
    return run


def test_run_is_trained_and_saved(start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig) -> None:
    queue = start_queue(lambda name, report: tiny)
    run = ended(queue, queue.submit(tiny_config))
    assert (run.state, run.message) == (RunState.FINISHED, None)
    assert [result.epoch for result in run.history] == [1, 2, 3]
    assert run.path is not None
    assert load_checkpoint(run.path).history == run.history


def test_one_trains_and_the_others_wait_in_order(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    ids = [queue.submit(replace(tiny_config, seed=seed)) for seed in (1, 2, 3)]
    assert gate.entered.wait(TIMEOUT)
    assert [run.id for run in queue.active_runs()] == ids
    assert [run.state for run in queue.active_runs()] == [RunState.LOADING, RunState.WAITING, RunState.WAITING]
    gate.open.set()
    assert all(ended(queue, run_id).state is RunState.FINISHED for run_id in ids)
    assert queue.active_runs() == []


def test_same_config_asked_for_twice_is_trained_once(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load)
    first = queue.submit(tiny_config)
    assert queue.submit(replace(tiny_config, device="auto")) == first
    assert queue.submit(replace(tiny_config, seed=2)) != first
    gate.open.set()
    ended(queue, first)
    assert queue.submit(tiny_config) != first


def test_waiting_run_is_taken_off_the_queue(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    first, second = queue.submit(tiny_config), queue.submit(replace(tiny_config, seed=2))
    queue.stop(second)
    assert ended(queue, second) == Run(id=second, config=replace(tiny_config, seed=2), state=RunState.STOPPED)
    gate.open.set()
    assert ended(queue, first).state is RunState.FINISHED


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let runs pause after their second epoch until they are stopped; the event tells that one does."""
    reached = threading.Event()

    def train_and_pause(*arguments: Any, should_stop: Callable[[], bool], **options: Any) -> Iterator[EpochResult]:
        for result in train(*arguments, should_stop=should_stop, **options):
            yield result
            if result.epoch == 2:
                reached.set()
                while not should_stop():
                    threading.Event().wait(0.01)

    monkeypatch.setattr("dropout_mnist.server.queue.train", train_and_pause)
    return reached


def test_stop_keeps_the_finished_epochs(
    start_queue: StartQueue, paused: threading.Event, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    queue = start_queue(lambda name, report: tiny)
    run_id = queue.submit(tiny_config)
    assert paused.wait(TIMEOUT)
    queue.stop(run_id)
    run = ended(queue, run_id)
    assert run.state is RunState.STOPPED
    assert run.path is not None
    kept = load_checkpoint(run.path)
    assert kept.config.epochs == len(run.history) == len(kept.history) == 2


def test_stop_ends_a_run_that_is_still_downloading(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    downloading = threading.Event()

    def download_for_ever(name: str, report: ReportDownload) -> Dataset:
        while True:
            report(DownloadProgress("train-images-idx3-ubyte.gz", "is missing", "mirror", 1, 10))
            downloading.set()

    queue = start_queue(download_for_ever)
    run_id = queue.submit(tiny_config)
    assert downloading.wait(TIMEOUT)
    assert queue.get(run_id).download is not None  # type: ignore[union-attr]
    queue.stop(run_id)
    assert ended(queue, run_id).state is RunState.STOPPED


def test_latest_run_is_the_one_that_ended_last_and_had_begun(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load)
    first, cancelled = queue.submit(tiny_config), queue.submit(replace(tiny_config, seed=2))
    queue.stop(cancelled)
    gate.open.set()
    ended(queue, first)
    assert queue.latest_run() == queue.get(first)


def test_snapshots_do_not_change(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    run_id = queue.submit(tiny_config)
    snapshot = queue.get(run_id)
    copy = replace(snapshot)  # type: ignore[type-var]
    gate.open.set()
    ended(queue, run_id)
    assert snapshot == copy
    assert snapshot != queue.get(run_id)


@pytest.mark.parametrize(
    ("error", "expected_message"),
    [
        (DataError("MNIST is not available: no network"), "MNIST is not available: no network"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
        (RuntimeError("strange"), "The training failed: RuntimeError: strange"),
    ],
)
def test_failed_run_says_why_and_the_next_one_is_trained(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig, error: Exception, expected_message: str
) -> None:
    def fail_once(name: str, report: ReportDownload, errors: list[Exception] = [error]) -> Dataset:  # noqa: B006
        if errors:
            raise errors.pop()
        return tiny

    queue = start_queue(fail_once)
    failed, next_one = queue.submit(tiny_config), queue.submit(replace(tiny_config, seed=2))
    run = ended(queue, failed)
    assert run.state is RunState.FAILED
    assert expected_message in (run.message or "")
    assert ended(queue, next_one).state is RunState.FINISHED


def test_diverging_run_keeps_its_last_good_epoch(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig, diverge_in_epoch: Callable[[int], None]
) -> None:
    diverge_in_epoch(3)
    queue = start_queue(lambda name, report: tiny)
    run = ended(queue, queue.submit(tiny_config))
    assert run.state is RunState.FAILED
    assert "diverged" in (run.message or "")
    assert run.path is not None
    assert load_checkpoint(run.path).config.epochs == 2


@pytest.fixture
def diverge_in_epoch(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the loss become infinite in one epoch."""
    from dropout_mnist import training

    measure = training._measure

    def install(bad: int) -> None:
        def measure_badly(epoch: int, train_loss: float, *rest: object) -> object:
            return measure(epoch, float("inf") if epoch == bad else train_loss, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(training, "_measure", measure_badly)

    return install


def test_model_that_cannot_be_saved_is_kept_in_memory(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    def disk_full(checkpoint: Checkpoint) -> Path:
        raise OSError("No space left on device")

    queue = start_queue(lambda name, report: tiny, store=disk_full)
    run = ended(queue, queue.submit(tiny_config))
    assert run.state is RunState.FINISHED
    assert run.path is None
    assert run.checkpoint is not None
    assert "could not be saved (No space left on device)" in (run.message or "")


def test_old_runs_are_forgotten(start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig) -> None:
    limits = QueueLimits(max_waiting=30, max_runs_per_person=30)
    queue = start_queue(lambda name, report: tiny, limits=limits)
    ids = [queue.submit(replace(tiny_config, seed=seed, epochs=1)) for seed in range(30)]
    ended(queue, ids[-1])
    last = queue.submit(replace(tiny_config, epochs=1))
    ended(queue, last)
    assert queue.get(ids[0]) is None
    assert queue.get(ids[-1]) is not None
    assert queue.latest_run() == queue.get(last)


def test_closing_keeps_the_finished_epochs(
    start_queue: StartQueue, paused: threading.Event, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    queue = start_queue(lambda name, report: tiny)
    run_id, waiting = queue.submit(tiny_config), queue.submit(replace(tiny_config, seed=2))
    assert paused.wait(TIMEOUT)
    queue.close()
    run = queue.get(run_id)
    assert run is not None
    assert run.path is not None
    assert load_checkpoint(run.path).history == run.history
    assert queue.get(waiting).state is RunState.STOPPED  # type: ignore[union-attr]


def test_everybodys_first_run_comes_before_anybodys_second(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load)
    mine = [queue.submit(replace(tiny_config, seed=seed), "me") for seed in range(4)]
    assert gate.entered.wait(TIMEOUT)
    yours = [queue.submit(replace(tiny_config, seed=seed), "you") for seed in (10, 11)]
    theirs = queue.submit(replace(tiny_config, seed=20), "they")
    order = [run.id for run in queue.active_runs()]
    assert order == [mine[0], yours[0], theirs, mine[1], yours[1], mine[2], mine[3]]
    gate.open.set()
    assert all(ended(queue, run_id).state is RunState.FINISHED for run_id in order)


def test_a_person_may_have_so_many_runs_and_the_queue_is_bounded(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load, limits=QueueLimits(max_waiting=3, max_runs_per_person=2))
    for seed in (1, 2):
        queue.submit(replace(tiny_config, seed=seed), "me")
    assert gate.entered.wait(TIMEOUT)
    with pytest.raises(RefusedError, match=r"as many trainings in the queue as one person may \(2\)"):
        queue.submit(replace(tiny_config, seed=3), "me")
    for seed, owner in ((4, "you"), (5, "they")):
        queue.submit(replace(tiny_config, seed=seed), owner)
    with pytest.raises(RefusedError, match="queue is full: 3 trainings wait"):
        queue.submit(replace(tiny_config, seed=6), "somebody")
    # What is queued already may be asked for by anybody.
    before = queue.active_runs()
    assert queue.submit(replace(tiny_config, seed=5), "me") in [run.id for run in before]
    assert len(queue.active_runs()) == len(before)


def test_no_run_is_begun_whose_model_could_not_be_kept(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    queue = start_queue(lambda name, report: tiny, limits=QueueLimits(max_models=2))
    for seed in (1, 2, 1):
        assert ended(queue, queue.submit(replace(tiny_config, seed=seed))).state is RunState.FINISHED
    with pytest.raises(RefusedError, match=r"as many trained models as it may \(2\)"):
        queue.submit(replace(tiny_config, seed=3))


def test_nobody_stops_anothers_run(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    mine, ours = queue.submit(tiny_config, "me"), queue.submit(replace(tiny_config, seed=2), "me")
    assert queue.submit(replace(tiny_config, seed=2), "you") == ours
    queue.stop(mine, "you")
    queue.stop(ours, "me")
    assert [run.id for run in queue.active_runs()] == [mine, ours]
    assert (queue.owns("me", ours), queue.owns("you", ours)) == (False, True)
    queue.stop(ours, "you")
    assert [run.id for run in queue.active_runs()] == [mine]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 11}, "at most 10 epochs"),
        ({"train_size": 2_000}, "at most 1,000 images: choose fewer"),
        ({}, "set the number of training images"),
    ],
)
def test_runs_that_are_too_large_are_refused(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig, settings: dict[str, Any], message: str
) -> None:
    queue = start_queue(gate.load, limits=QueueLimits(max_epochs=10, max_train_size=1_000))
    with pytest.raises(RefusedError, match=message):
        queue.submit(replace(tiny_config, **settings))
    assert queue.active_runs() == []


def test_run_that_takes_too_long_is_stopped_and_its_epochs_are_kept(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10**9, 10))
    monkeypatch.setattr("dropout_mnist.server.queue.time", SimpleNamespace(monotonic=lambda: next(clock)))
    queue = start_queue(lambda name, report: tiny, limits=QueueLimits(max_minutes=1))
    run = ended(queue, queue.submit(tiny_config))
    assert run.state is RunState.STOPPED
    assert run.message == "A training may take 1 min on this server."
    assert run.path is not None
    assert len(load_checkpoint(run.path).history) == len(run.history) == 1


def test_waiting_time_is_told_once_a_speed_is_known(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load)
    first, second = queue.submit(tiny_config), queue.submit(replace(tiny_config, seed=2))
    assert queue.seconds_until(first) == 0
    assert queue.seconds_until(second) is None
    gate.open.set()
    ended(queue, second)
    gate.open.clear()
    gate.entered.clear()
    queue.submit(replace(tiny_config, seed=3))
    last = queue.submit(replace(tiny_config, seed=4))
    assert gate.entered.wait(TIMEOUT)
    seconds = queue.seconds_until(last)
    assert seconds is not None
    assert seconds > 0


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert QueueLimits.from_environment() == QueueLimits()
    monkeypatch.setenv("DROPOUT_MNIST_MAX_EPOCHS", "20")
    assert QueueLimits.from_environment() == QueueLimits(max_epochs=20)
    monkeypatch.setenv("DROPOUT_MNIST_MAX_WAITING", "many")
    with pytest.raises(ValueError, match="DROPOUT_MNIST_MAX_WAITING must be a positive whole number, not 'many'"):
        QueueLimits.from_environment()


def test_person_who_is_given_another_name_keeps_the_runs(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load)
    run_id = queue.submit(tiny_config, "a session")
    queue.hand_over("a session", "a browser")
    assert queue.owns("a browser", run_id)
    assert not queue.owns("a session", run_id)
