"""Training from the page, with the queue that all visitors share."""

import re
import threading
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dropout_mnist.checkpoints.resume import discard_state
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.server.runs import RunState
from dropout_mnist.ui import resources

from ..conftest import accuracy_of
from ..mirrors import Mirrors
from .page import TIMEOUT, OpenPage, checked, texts, wait_until

pytestmark = pytest.mark.slow


def click_train(page: AppTest) -> None:
    checked(page.button(key="train").click().run())


def wait_for_runs() -> None:
    """Wait until all runs in the queue have ended."""
    queue = resources.training_queue()
    for run in queue.active_runs():
        queue.wait(run.id, TIMEOUT)


def train(page: AppTest) -> None:
    """Train with the page's settings, and show the result."""
    click_train(page)
    wait_for_runs()
    checked(page.run())


@pytest.fixture
def gate(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hold every run at its beginning until the test sets the event."""
    gate = threading.Event()

    def load_dataset(name: str, report: object) -> Dataset:
        assert gate.wait(TIMEOUT)
        return digits

    monkeypatch.setattr(resources, "load_dataset", load_dataset)
    yield gate
    gate.set()


def keys(page: AppTest) -> set[str | None]:
    """Return the keys of the buttons on the page."""
    return {button.key for button in page.button}


def test_finished_run_offers_its_model(open_page: OpenPage) -> None:
    page = open_page(dataset="digits", epochs="2")
    train(page)
    assert "dropout 0.3 · scikit-learn's bundled digits · 2 epochs is trained: test accuracy" in texts(page)
    assert page.selectbox(key="model_choice").value.endswith("augmented.safetensors")
    checked(page.button(key="compare_dropout").click().run())
    assert page.selectbox(key="comparison_choice").value.endswith("plain-p0.30-digits-e2.safetensors")
    checked(page.button(key="use_dropout").click().run())
    assert page.selectbox(key="model_choice").value.endswith("plain-p0.30-digits-e2.safetensors")
    assert "of 300" in next(element.delta for element in page.metric if element.label == "Test accuracy")
    assert "This network answers your drawings." in texts(page)
    assert "use_dropout" not in keys(page)


def test_stored_results_are_shown_as_soon_as_the_slider_is_there(open_page: OpenPage) -> None:
    page = open_page(drop_prob="0.35")
    assert not {"use_dropout", "repeat"} & keys(page)
    checked(page.slider(key="drop_prob").set_value(0.5).run())
    without, with_dropout = (accuracy_of(f"plain-p{rate}") for rate in ("0.00", "0.50"))
    assert f"Test accuracy **{without}** without, **{with_dropout}** with dropout" in texts(page)
    assert {"use_dropout", "repeat"} <= keys(page)
    checked(page.button(key="use_dropout").click().run())
    assert page.selectbox(key="model_choice").value.endswith("plain-p0.50.safetensors")


def expect(page: AppTest, outcome: str) -> None:
    """Say what dropout will do."""
    [control] = [control for control in page.segmented_control if str(control.key).startswith("expectation_")]
    checked(control.set_value(outcome).run())


def test_training_both_gives_a_verdict_on_what_was_expected(open_page: OpenPage) -> None:
    page = open_page(dataset="digits", epochs="1", drop_prob="0.9", batch_size="50")
    assert "too few to tell what dropout does" in texts(page)
    expect(page, "helps")
    checked(page.button(key="train_both").click().run())
    assert page.button(key="train_both").disabled
    wait_for_runs()
    shown = texts(checked(page.run()))
    assert "points less**, one seed, 300 test images." in shown
    assert "**One seed is not enough**" in shown
    assert "You expected: dropout helps. Measured: it hurts, with this seed." in shown
    for seeds in (2, 3):
        checked(page.button(key="repeat").click().run())
        wait_for_runs()
        shown = texts(checked(page.run()))
        assert f"points less**, mean of {seeds} seeds, 300 test images." in shown
    assert "(95% confidence over seeds)" in shown
    # The expectation was the one before the runs.
    expect(page, "hurts")
    assert "You expected: dropout helps." in texts(page)


def test_only_what_is_missing_is_trained(open_page: OpenPage) -> None:
    page = open_page(dataset="digits", epochs="1")
    train(page)
    checked(page.button(key="train_both").click().run())
    wait_for_runs()
    queue = resources.training_queue()
    assert [run.config.drop_prob for number in (1, 2, 3) if (run := queue.get(number)) is not None] == [0.3, 0]
    checked(page.run())
    assert "repeat" in keys(page)


def test_without_dropout_there_is_nothing_to_compare(open_page: OpenPage) -> None:
    page = open_page(dataset="digits", epochs="1", drop_prob="0")
    assert page.button(key="train_both").disabled
    train(page)
    assert page.button(key="train_both").disabled
    assert "Test accuracy **" not in texts(page)
    assert "use_no_dropout" in keys(page)


def test_stop_ends_both_runs_of_a_click(open_page: OpenPage, gate: threading.Event) -> None:
    page = open_page(dataset="digits", epochs="1")
    checked(page.button(key="train_both").click().run())
    queue = resources.training_queue()
    ids = [run.id for run in queue.active_runs()]
    wait_until(lambda: queue.active_runs()[0].state is RunState.LOADING, "the first run begins")
    checked(page.run())
    checked(page.button(key="stop").click().run())
    gate.set()
    ended = [queue.wait(run_id, TIMEOUT) for run_id in ids]
    assert [run.state for run in ended if run is not None] == [RunState.STOPPED] * 2
    assert "is trained" not in texts(checked(page.run()))


def test_training_without_mnist_says_what_to_do(open_page: OpenPage) -> None:
    page = open_page(epochs="1")
    train(page)
    assert "could not be reached" in texts(page)
    assert "DROPOUT_MNIST_DATA" in texts(page)
    assert page.selectbox(key="model_choice").value.endswith("augmented.safetensors")


@pytest.mark.usefixtures("no_weights")
def test_page_without_weights_can_train(open_page: OpenPage) -> None:
    page = open_page(dataset="digits", epochs="1")
    assert "There are no models yet" in texts(page)
    train(page)
    assert page.selectbox(key="model_choice").value.endswith("plain-p0.30-digits-e1.safetensors")


def test_visitors_share_one_queue_and_see_only_their_own_runs(open_page: OpenPage, gate: threading.Event) -> None:
    one, other = open_page(dataset="digits", epochs="1"), open_page(dataset="digits", epochs="1", seed="2")
    click_train(one)
    assert one.button(key="train").disabled
    click_train(other)
    assert re.search(r"Waiting, number 1 in the queue, starts in about \d+ s: dropout 0\.3 .* seed 2", texts(other))
    shown = texts(checked(one.run()))
    assert "Training dropout 0.3 · scikit-learn's bundled digits · 1 epoch." in shown
    assert "Other visitors have 1 run in this server's queue." in shown
    assert "-s2" not in shown
    third = open_page(dataset="digits", epochs="1")
    assert "Other visitors have 2 runs in this server's queue." in texts(third)
    assert "Training dropout" not in texts(third)
    assert "stop" not in {button.key for button in third.button}
    queue = resources.training_queue()
    runs = queue.active_runs()
    gate.set()
    ended = [queue.wait(run.id, TIMEOUT) for run in runs]
    assert [run.state for run in ended if run is not None] == [RunState.FINISHED] * 2
    assert "1 epoch · seed 2 is trained" in texts(checked(other.run()))
    assert "1 epoch is trained" in texts(checked(one.run()))
    assert "is trained" not in texts(checked(third.run()))


def test_run_beyond_the_limit_is_refused_with_a_reason(
    open_page: OpenPage, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROPOUT_MNIST_MAX_RUNS_PER_PERSON", "1")
    page = open_page(dataset="digits", epochs="1")
    click_train(page)
    checked(page.text_input(key="seed").set_value("2").run())
    click_train(page)
    assert "You have as many runs in the queue as one visitor may have (1)" in texts(page)


def test_more_epochs_continue_a_shorter_run_or_say_why_not(open_page: OpenPage) -> None:
    page = open_page(dataset="digits", epochs="1")
    train(page)
    checked(page.text_input(key="epochs").set_value("2").run())
    train(page)
    assert "2 epochs is trained" in texts(page)
    assert "is not kept" not in texts(page)
    # As the states of longer ago are dropped.
    discard_state(TrainConfig(dataset="digits", epochs=2))
    checked(page.text_input(key="epochs").set_value("3").run())
    train(page)
    message = "The state after the 2 epochs that are trained already is not kept, so the run started from epoch 1."
    assert re.search(rf"3 epochs is trained: test accuracy .*%\. {re.escape(message)}", texts(page))


def show_waiting_runs() -> None:
    from dropout_mnist.config import TrainConfig
    from dropout_mnist.server.runs import Run, RunState
    from dropout_mnist.ui.playground import progress

    run = Run(id=1, config=TrainConfig(drop_prob=0.5, epochs=4, train_size=100))
    progress.show_waiting(run, 0)
    progress.show_waiting(Run(id=2, config=run.config), 3)
    progress.show_waiting(Run(id=3, config=run.config, state=RunState.PAUSED), 0)


def test_waiting_runs_say_when_they_are_next(fresh_server: None) -> None:
    # Between two runs, nothing trains for a moment, and the first run in the queue is a waiting one.
    page = checked(AppTest.from_function(show_waiting_runs, default_timeout=TIMEOUT).run())
    name = "dropout 0.5 · 100 images · 4 epochs"
    assert [caption.value for caption in page.caption] == [
        f"Waiting, and next in the queue: {name}",
        f"Waiting, number 3 in the queue: {name}",
        f"Paused after 0 of 4 epochs, for shorter runs of others: {name}",
    ]
    assert [button.label for button in page.button] == ["Remove", "Remove", "Stop"]


def test_run_shows_the_progress_of_the_download_it_needs(open_page: OpenPage, mirrors: Mirrors) -> None:
    mirrors.behavior = {"a": "slow"}
    page = open_page(epochs="1")
    click_train(page)
    queue = resources.training_queue()
    [run] = queue.active_runs()
    wait_until(lambda: (now := queue.get(run.id)) is not None and now.download is not None, "the download starts")
    shown = page.run().get("progress")[0].proto.text
    assert "train-images-idx3-ubyte is missing. Downloading it from 127.0.0.1" in shown.replace("\\", "")
    mirrors.release.set()
    assert (ended := queue.wait(run.id, TIMEOUT)) is not None
    assert ended.state is RunState.FINISHED
    assert "is trained: test accuracy" in texts(checked(page.run()))
