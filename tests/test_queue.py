"""The queue without a page. Tests wait for events; a gate holds a run until the test opens it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.resume import discard_state, load_state, save_state
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.data.mnist_files import DataError, DownloadProgress, ReportDownload
from dropout_mnist.server.limits import QueueLimits, RefusedError
from dropout_mnist.server.presence import GONE
from dropout_mnist.server.queue import MAX_ENDED, TrainingQueue
from dropout_mnist.server.runs import Run, RunState
from dropout_mnist.server.schedule import SLICE
from dropout_mnist.server.worker import LoadDataset
from dropout_mnist.training import Training

from .clock import Clock

TIMEOUT = 60

StartQueue = Callable[..., TrainingQueue]


class Gate:
    """Loads the data set only once it is open, so that a test can hold a run at its beginning."""

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


class LongAndShort:
    """A long run that has begun, a short one that waits, and a clock by which the long one may pause at once.

    Once the long one has paused, the short one is held at its beginning until the test opens it.
    """

    def __init__(self, start_queue: StartQueue, tiny: Dataset, config: TrainConfig) -> None:
        self.clock, self.entered, self.open = Clock(), threading.Event(), threading.Event()
        self._tiny, self._loads = tiny, 0
        limits = QueueLimits(max_minutes=1)
        self.queue = start_queue(self._load, limits=limits, clock=self.clock)
        self.config = replace(config, epochs=1_000)
        self.long = self.queue.submit(self.config, "me")
        wait_for_epochs(self.queue, self.long, 2)
        self.short = self.queue.submit(replace(config, seed=2), "you")

    def _load(self, name: str, report: ReportDownload) -> Dataset:
        self._loads += 1
        if self._loads == 2:
            self.entered.set()
            assert self.open.wait(TIMEOUT)
        return self._tiny

    def pause(self) -> Run:
        """Let the long run pause, and return it."""
        self.clock.now += SLICE
        assert self.entered.wait(TIMEOUT)
        assert self.state(self.short) is RunState.LOADING
        assert self.state(self.long) is RunState.PAUSED
        run = self.queue.get(self.long)
        assert run is not None
        return run

    def state(self, run_id: int) -> RunState:
        run = self.queue.get(run_id)
        assert run is not None
        return run.state


@pytest.fixture
def long_and_short(start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig) -> Iterator[LongAndShort]:
    scene = LongAndShort(start_queue, tiny, tiny_config)
    yield scene
    scene.open.set()


@pytest.fixture
def start_queue() -> Iterator[StartQueue]:
    """Start queues that are closed at the end of the test."""
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
    assert Checkpoint.load(run.path).history == run.history


def test_one_trains_and_the_others_wait_in_order(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    ids = [queue.submit(replace(tiny_config, seed=seed)) for seed in (1, 2, 3)]
    assert gate.entered.wait(TIMEOUT)
    assert [run.id for run in queue.active_runs()] == ids
    assert [run.state for run in queue.active_runs()] == [RunState.LOADING, RunState.WAITING, RunState.WAITING]
    gate.open.set()
    assert all(ended(queue, run_id).state is RunState.FINISHED for run_id in ids)
    assert queue.active_runs() == []


def test_config_submitted_twice_is_trained_once(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    first = queue.submit(tiny_config)
    assert queue.submit(replace(tiny_config, device="auto")) == first
    assert queue.submit(replace(tiny_config, seed=2)) != first
    gate.open.set()
    ended(queue, first)
    assert queue.submit(tiny_config) != first


def test_waiting_run_is_removed_from_the_queue(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    first, second = queue.submit(tiny_config), queue.submit(replace(tiny_config, seed=2))
    queue.stop(second)
    assert ended(queue, second) == Run(id=second, config=replace(tiny_config, seed=2), state=RunState.STOPPED)
    gate.open.set()
    assert ended(queue, first).state is RunState.FINISHED


def wait_for_epochs(queue: TrainingQueue, run_id: int, epochs: int) -> None:
    """Wait until a run has finished this many epochs."""
    deadline = time.monotonic() + TIMEOUT
    while (run := queue.get(run_id)) is None or len(run.history) < epochs:
        assert time.monotonic() < deadline, f"the run is still at {run}"
        time.sleep(0.001)


def test_stop_keeps_the_finished_epochs(start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig) -> None:
    queue = start_queue(lambda name, report: tiny)
    run_id = queue.submit(replace(tiny_config, epochs=1_000))
    wait_for_epochs(queue, run_id, 2)
    queue.stop(run_id)
    run = ended(queue, run_id)
    assert run.state is RunState.STOPPED
    assert run.path is not None
    kept = Checkpoint.load(run.path)
    assert 2 <= kept.config.epochs == len(run.history) == len(kept.history) < 1_000


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


def test_runs_of_a_person_are_all_of_theirs_that_are_remembered(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load)
    first = queue.submit(tiny_config, "Ann")
    queue.submit(replace(tiny_config, seed=2), "Bob")
    last = queue.submit(replace(tiny_config, seed=3), "Ann")
    gate.open.set()
    ended(queue, last)
    assert [run.id for run in queue.runs_of("Ann")] == [first, last]
    assert all(run.path for run in queue.runs_of("Ann"))


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
        (RuntimeError("strange"), "The run failed: RuntimeError: strange"),
    ],
)
def test_failed_run_reports_why_and_the_next_one_is_trained(
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
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    training = Training(tiny_config, tiny)
    next(iter(training))
    # Infinite moments make the weights of the next step infinite or not a number.
    name = "optimizer.0.exp_avg"
    moments = torch.full_like(training.state.tensors[name], float("inf"))
    save_state(replace(training.state, tensors=training.state.tensors | {name: moments}))
    queue = start_queue(lambda name, report: tiny)
    run = ended(queue, queue.submit(tiny_config))
    assert run.state is RunState.FAILED
    assert "diverged" in (run.message or "")
    assert run.path is not None
    assert Checkpoint.load(run.path).config.epochs == 1


def test_unusable_state_is_reported_and_the_run_starts_from_scratch(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    training = Training(tiny_config, tiny)
    next(iter(training))
    save_state(replace(training.state, tensors={}))
    queue = start_queue(lambda name, report: tiny)
    run = ended(queue, queue.submit(tiny_config))
    assert run.state is RunState.FINISHED
    assert "could not be resumed (the saved state has missing or unknown tensors" in (run.message or "")
    assert len(run.history) == tiny_config.epochs


def test_longer_run_says_when_the_state_of_a_shorter_one_is_not_kept(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    queue = start_queue(lambda name, report: tiny)
    short, longer = replace(tiny_config, epochs=1), replace(tiny_config, epochs=2)
    assert ended(queue, queue.submit(short)).message is None
    assert ended(queue, queue.submit(longer)).message is None
    discard_state(longer)
    run = ended(queue, queue.submit(replace(tiny_config, epochs=3)))
    assert run.state is RunState.FINISHED
    assert run.message == (
        "The state after the 2 epochs that are trained already is not kept, so the run started from epoch 1."
    )
    # The same run again starts from scratch on purpose.
    discard_state(longer)
    assert ended(queue, queue.submit(replace(tiny_config, epochs=3))).message is None


def test_interrupted_run_is_resumed(start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig) -> None:
    training = Training(tiny_config, tiny)
    next(iter(training))
    save_state(training.state)
    queue = start_queue(lambda name, report: tiny)
    run = ended(queue, queue.submit(tiny_config))
    assert (run.state, run.message) == (RunState.FINISHED, None)
    assert run.history[0] == training.history[0]
    assert len(run.history) == tiny_config.epochs


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


@pytest.mark.slow
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


def test_closing_keeps_the_finished_epochs_and_the_state(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    config = replace(tiny_config, epochs=1_000)
    queue = start_queue(lambda name, report: tiny)
    run_id, waiting = queue.submit(config), queue.submit(replace(tiny_config, seed=2))
    wait_for_epochs(queue, run_id, 2)
    queue.close()
    run = queue.get(run_id)
    assert run is not None
    assert run.path is not None
    assert Checkpoint.load(run.path).history == run.history
    assert queue.get(waiting).state is RunState.STOPPED  # type: ignore[union-attr]
    state = load_state(config)
    assert state is not None
    assert state.history == run.history


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


def test_runs_per_person_and_waiting_runs_are_limited(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load, limits=QueueLimits(max_waiting=3, max_runs_per_person=2))
    for seed in (1, 2):
        queue.submit(replace(tiny_config, seed=seed), "me")
    assert gate.entered.wait(TIMEOUT)
    with pytest.raises(RefusedError, match=r"as many runs in the queue as one visitor may have \(2\)"):
        queue.submit(replace(tiny_config, seed=3), "me")
    for seed, owner in ((4, "you"), (5, "they")):
        queue.submit(replace(tiny_config, seed=seed), owner)
    with pytest.raises(RefusedError, match="queue is full: 3 runs are waiting"):
        queue.submit(replace(tiny_config, seed=6), "somebody")
    # Anybody may join a run that is queued already.
    before = queue.active_runs()
    assert queue.submit(replace(tiny_config, seed=5), "me") in [run.id for run in before]
    assert len(queue.active_runs()) == len(before)


def test_number_of_stored_models_is_limited(start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig) -> None:
    queue = start_queue(lambda name, report: tiny, limits=QueueLimits(max_models=2))
    for seed in (1, 2, 1):
        assert ended(queue, queue.submit(replace(tiny_config, seed=seed))).state is RunState.FINISHED
    with pytest.raises(RefusedError, match="at most 2 trained models"):
        queue.submit(replace(tiny_config, seed=3))


def test_visitors_stop_only_their_own_runs(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
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
        ({}, "at most 1,000 images: choose fewer"),
        ({"train_size": 500, "hidden_sizes": (8_192, 8_192)}, "at most 20,000,000 weights, and this one has 73,"),
    ],
)
def test_too_large_runs_are_refused(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig, settings: dict[str, Any], message: str
) -> None:
    queue = start_queue(gate.load, limits=QueueLimits(max_epochs=10, max_train_size=1_000))
    with pytest.raises(RefusedError, match=message):
        queue.submit(replace(tiny_config, **settings))
    assert queue.active_runs() == []


def test_run_over_the_time_limit_is_stopped_and_its_epochs_are_kept(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    clock = Clock()
    queue = start_queue(lambda name, report: tiny, limits=QueueLimits(max_minutes=1), clock=clock)
    run_id = queue.submit(replace(tiny_config, epochs=1_000))
    wait_for_epochs(queue, run_id, 1)
    clock.now += 61
    run = ended(queue, run_id)
    assert run.state is RunState.STOPPED
    assert run.message == "A run may take 1 min on this server."
    assert run.path is not None
    assert 1 <= len(Checkpoint.load(run.path).history) == len(run.history) < 1_000


def test_time_limit_does_not_count_pauses(long_and_short: LongAndShort) -> None:
    paused = long_and_short.pause()
    long_and_short.clock.now += 3_600
    long_and_short.open.set()
    wait_for_epochs(long_and_short.queue, paused.id, len(paused.history) + 1)
    assert long_and_short.state(paused.id) is RunState.TRAINING
    long_and_short.clock.now += 61 - SLICE
    assert ended(long_and_short.queue, paused.id).message == "A run may take 1 min on this server."


def test_long_run_pauses_for_a_short_one_and_has_the_same_bits(long_and_short: LongAndShort, tiny: Dataset) -> None:
    queue, long, short = long_and_short.queue, long_and_short.long, long_and_short.short
    assert [run.id for run in queue.active_runs()] == [long, short]
    assert queue.seconds_until(long) == 0
    assert queue.seconds_until(short) is not None
    paused = long_and_short.pause()
    assert [run.id for run in queue.active_runs()] == [short, long]
    assert queue.seconds_until(short) == 0
    assert queue.seconds_until(long) is not None
    long_and_short.open.set()
    assert ended(queue, short).state is RunState.FINISHED
    wait_for_epochs(queue, long, len(paused.history) + 2)
    queue.stop(long, "me")
    run = ended(queue, long)
    assert run.history[: len(paused.history)] == paused.history
    assert run.path is not None
    kept = Checkpoint.load(run.path)
    straight = Training(replace(long_and_short.config, epochs=len(run.history)), tiny)
    list(straight)
    assert all(map(torch.equal, kept.model.state_dict().values(), straight.model.state_dict().values()))


def test_paused_run_is_stopped_at_once_with_its_epochs(long_and_short: LongAndShort) -> None:
    paused = long_and_short.pause()
    long_and_short.queue.stop(paused.id, "me")
    run = ended(long_and_short.queue, paused.id)
    assert long_and_short.state(long_and_short.short) is RunState.LOADING
    assert run.state is RunState.STOPPED
    assert run.path is not None
    assert Checkpoint.load(run.path).history == paused.history


def test_paused_run_counts_as_waiting(long_and_short: LongAndShort) -> None:
    long_and_short.pause()
    queue = long_and_short.queue
    queue.limits = replace(queue.limits, max_waiting=1)
    with pytest.raises(RefusedError, match="queue is full: 1 runs are waiting"):
        queue.submit(replace(long_and_short.config, seed=77), "somebody")


def test_closing_keeps_the_epochs_and_the_state_of_a_paused_run(long_and_short: LongAndShort) -> None:
    paused = long_and_short.pause()
    closing = threading.Thread(target=long_and_short.queue.close)
    closing.start()
    run = ended(long_and_short.queue, paused.id)
    long_and_short.open.set()
    closing.join(TIMEOUT)
    assert not closing.is_alive()
    assert run.path is not None
    assert Checkpoint.load(run.path).history == paused.history
    state = load_state(long_and_short.config)
    assert state is not None
    assert state.history == paused.history


def test_run_whose_owner_is_gone_gives_way_to_a_longer_one(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    clock = Clock()
    gate.open.set()
    queue = start_queue(gate.load, clock=clock)
    queue.presence.arrive("me")
    mine = queue.submit(replace(tiny_config, epochs=500), "me")
    wait_for_epochs(queue, mine, 1)
    gate.open.clear()
    gate.entered.clear()
    yours = queue.submit(replace(tiny_config, epochs=900, seed=2), "you")
    clock.now += GONE + 1
    seen = len(queue.get(mine).history)  # type: ignore[union-attr]
    wait_for_epochs(queue, mine, seen + 2)
    assert [run.id for run in queue.active_runs()] == [mine, yours]
    queue.presence.leave("me")
    clock.now += GONE
    assert gate.entered.wait(TIMEOUT)
    assert [(run.id, run.state) for run in queue.active_runs()] == [
        (yours, RunState.LOADING),
        (mine, RunState.PAUSED),
    ]


def test_owner_of_the_server_stops_anyones_run(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    first, second = queue.submit(tiny_config, "me"), queue.submit(replace(tiny_config, seed=2), "you")
    for run_id in (first, second):
        queue.stop_anyones(run_id)
    gate.open.set()
    assert [ended(queue, run_id).state for run_id in (first, second)] == [RunState.STOPPED] * 2
    queue.stop_anyones(99)


def test_shared_runs_are_found_by_their_token_only(
    start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig
) -> None:
    queue = start_queue(gate.load)
    one, other = queue.submit(tiny_config), queue.submit(replace(tiny_config, seed=2))
    token = queue.share([one, other])
    assert len(token) >= 22  # 128 bits
    assert queue.share([one, other]) == token != queue.share([one])
    assert queue.shared_runs(token) == queue.active_runs()
    assert queue.shared_runs("") == queue.shared_runs(token[:-1]) == []


def test_shared_runs_are_remembered_longer_than_others(
    start_queue: StartQueue, tiny: Dataset, tiny_config: TrainConfig
) -> None:
    limits = QueueLimits(max_waiting=50, max_runs_per_person=50)
    queue = start_queue(lambda name, report: tiny, limits=limits)

    def train(count: int, share: bool) -> list[str]:
        ids = [queue.submit(replace(tiny_config, seed=seed, epochs=1)) for seed in range(count)]
        tokens = [queue.share([run_id]) for run_id in ids if share]
        ended(queue, ids[-1])
        return tokens

    [token] = train(1, share=True)
    train(MAX_ENDED + 2, share=False)
    assert [run.state for run in queue.shared_runs(token)] == [RunState.FINISHED]
    train(MAX_ENDED + 2, share=True)
    assert queue.shared_runs(token) == []


def test_waiting_time_is_estimated_once_a_speed_is_known(
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


def test_renamed_person_keeps_the_runs(start_queue: StartQueue, gate: Gate, tiny_config: TrainConfig) -> None:
    queue = start_queue(gate.load)
    run_id = queue.submit(tiny_config, "a session")
    queue.hand_over("a session", "a browser")
    assert queue.owns("a browser", run_id)
    assert not queue.owns("a session", run_id)
