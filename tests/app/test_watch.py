"""Watching a run as it trains, and going back through it afterwards."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from dropout_mnist.recording.recording import Recording
from dropout_mnist.ui import resources

from .page import TIMEOUT, OpenPage, checked, mailbox, texts, wait_until

SEVEN = [(60, 60), (220, 60), (120, 240)]
SETTINGS = {"dataset": "digits", "epochs": "3", "batch_size": "50"}


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hold every run after its 20th batch until the test sets the event."""
    gate = threading.Event()
    add_losses = Recording.add_losses

    def hold(self: Recording, epoch: int, losses: object) -> None:
        add_losses(self, epoch, losses)  # type: ignore[arg-type]
        if len(losses) == 20:  # type: ignore[arg-type]
            assert gate.wait(TIMEOUT)

    monkeypatch.setattr(Recording, "add_losses", hold)
    yield gate
    gate.set()


def wait_for_batches(run_id: int, count: int) -> Recording:
    """Wait until this many batches of a run are recorded."""
    queue = resources.training_queue()
    wait_until(lambda: queue.recording(run_id) is not None, "a recording")
    recording = queue.recording(run_id)
    assert recording is not None
    wait_until(lambda: sum(map(len, recording.losses)) >= count, f"{count} batches")
    return recording


def train(page: object) -> None:
    checked(page.button(key="train").click().run())  # type: ignore[attr-defined]


@pytest.mark.slow
def test_run_in_training_shows_its_batches_and_the_visitors_digit(
    open_page: OpenPage, canvas: SimpleNamespace, gate: threading.Event
) -> None:
    page = open_page(**SETTINGS)
    train(page)
    queue = resources.training_queue()
    [run] = queue.active_runs()
    recording = wait_for_batches(run.id, 20)
    checked(page.run())
    assert "Draw a digit above to see what the network makes of it as it learns." in texts(page)
    canvas.lines = [SEVEN]
    checked(page.run())
    checked(page.run())
    assert "Your digit after" in texts(page)
    assert len(recording.watched) == 1
    gate.set()
    assert queue.wait(run.id, TIMEOUT) is not None


@pytest.mark.slow
def test_ended_run_sends_its_features_and_what_it_said_of_the_digit(
    open_page: OpenPage, canvas: SimpleNamespace
) -> None:
    page = open_page(**SETTINGS)
    assert "live_features" not in mailbox(page)
    canvas.lines = [SEVEN]
    train(page)
    queue = resources.training_queue()
    for run in queue.active_runs():
        queue.wait(run.id, TIMEOUT)
    checked(page.run())
    checked(page.run())
    sent = mailbox(page)
    features = np.frombuffer(sent["live_features"], np.int8).reshape(-1, 16, 784)
    probs = np.array(sent["live_moment_answers"]["probs"])
    assert probs.shape == (len(features), 10)
    assert len(features) == 51
    assert probs.sum(axis=1) == pytest.approx(np.ones(51), abs=0.002)
    # It has learned: the answers and the features change.
    assert np.abs(probs[0] - probs[-1]).max() > 0.3
    assert np.abs(features).max(axis=(1, 2)).min() == 127
    canvas.lines = []
    page.button(key="clear").click()
    checked(page.run())
    assert mailbox(page)["live_moment_answers"]["probs"] is None
