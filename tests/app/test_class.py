"""A class on one server: runs followed by link, a question before long runs, and the password of the owner."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dropout_mnist.config import TrainConfig
from dropout_mnist.server.password import MAX_WRONG
from dropout_mnist.server.runs import RunState
from dropout_mnist.ui import resources
from dropout_mnist.ui.playground import follow

from .page import TIMEOUT, OpenPage, checked, texts

pytestmark = pytest.mark.slow

SHORT = TrainConfig(dataset="digits", epochs=2, hidden_sizes=(16,), batch_size=50)


def keys(page: AppTest) -> set[str | None]:
    return {button.key for button in page.button}


def test_followers_see_the_curves_and_use_the_network_in_the_end(open_page: OpenPage) -> None:
    queue = resources.training_queue()
    slow = replace(SHORT, epochs=1_000, batch_size=5)
    run_id = queue.submit(slow, "lecturer")
    token = queue.share([run_id])
    page = open_page(follow=token)
    assert "You are following a run" in texts(page)
    # Read-only, and no settings.
    assert not {"train", "train_both", "stop"} & keys(page)
    assert "drop_prob" not in {slider.key for slider in page.slider}
    assert re.match("Epoch|Starting|Waiting", page.get("progress")[0].proto.text)
    queue.stop(run_id, "lecturer")
    run = queue.wait(run_id, TIMEOUT)
    assert run is not None
    assert not run.active

    finished = queue.submit(SHORT, "lecturer")
    queue.wait(finished, TIMEOUT)
    page = open_page(follow=queue.share([finished]))
    assert len(page.get("vega_lite_chart")) == 2
    assert not page.get("progress")
    checked(page.button(key="use_dropout").click().run())
    assert "This network answers your drawings." in texts(page)
    # Another visitor gets the charts that were drawn for the first one.
    other = open_page(follow=queue.share([finished]))
    assert len(other.get("vega_lite_chart")) == 2


@pytest.mark.parametrize(("pages", "seconds"), [(0, 2), (8, 2), (9, 4), (16, 4), (32, 8), (60, 16), (1_000, 16)])
def test_all_followers_together_ask_about_four_times_a_second(pages: int, seconds: float) -> None:
    assert follow.poll_seconds(pages) == seconds


def test_follower_asks_at_another_pace_when_a_class_arrives(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = resources.training_queue()
    run_id = queue.submit(replace(SHORT, epochs=1_000, batch_size=5), "lecturer")
    page = open_page(follow=queue.share([run_id]))
    paces: list[float] = []

    fragment = follow.st.fragment

    def noting(function: Callable[..., None], run_every: float | None = None) -> Callable[..., None]:
        if function is follow._show_runs:
            paces.append(run_every or 0)
        return fragment(function)

    monkeypatch.setattr(follow.st, "fragment", noting)
    checked(page.run())
    for person in range(60):
        queue.presence.arrive(f"student {person}")
    checked(page.run())
    assert paces[0] == 2
    assert paces[-1] == 16
    queue.stop(run_id, "lecturer")


def test_paused_and_waiting_runs_are_described_to_followers(open_page: OpenPage) -> None:
    queue = resources.training_queue()
    first = queue.submit(replace(SHORT, epochs=1_000, batch_size=5), "lecturer")
    second = queue.submit(replace(SHORT, seed=2), "lecturer")
    page = open_page(follow=queue.share([second]))
    assert page.get("progress")[0].proto.text.startswith("Waiting in the queue")
    queue.stop(first, "lecturer")


@pytest.mark.parametrize("token", ["", "wrong"])
def test_wrong_link_says_what_to_do_and_leads_back(open_page: OpenPage, token: str) -> None:
    page = open_page(follow=token)
    assert "This link leads to no run." in texts(page)
    checked(page.button(key="unfollow").click().run())
    assert "train" in keys(page)
    assert "This link leads to no run." not in texts(page)


def test_run_can_be_shared_while_it_trains(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPOUT_MNIST_CONFIRM_MINUTES", "60")
    page = open_page(dataset="digits", epochs="1000", batch_size="5", hidden_sizes="16")
    checked(page.button(key="train").click().run())
    page.session_state["share"] = True
    checked(page.run())
    [link] = [element.value for element in page.code if "follow=" in element.value]
    queue = resources.training_queue()
    [shared] = queue.shared_runs(link.partition("follow=")[2])
    assert [shared.id] == [run.id for run in queue.active_runs()]
    assert page.get("image")[0].proto.imgs[0].url.startswith("data:image/svg+xml")
    queue.stop_anyones(shared.id)


def test_run_can_be_shared_after_it_has_ended(open_page: OpenPage) -> None:
    page = open_page(dataset="digits", epochs="2")
    assert "share" not in {toggle.key for toggle in page.toggle}
    checked(page.button(key="train").click().run())
    queue = resources.training_queue()
    for run in queue.active_runs():
        queue.wait(run.id, TIMEOUT)
    checked(page.run())
    checked(page.toggle(key="share").set_value(True).run())
    link = next(code.value for code in page.code if "follow=" in code.value)
    [shared] = queue.shared_runs(link.partition("follow=")[2])
    assert shared.state is RunState.FINISHED
    other = open_page(follow=link.partition("follow=")[2])
    assert "You are following a run" in texts(other)
    assert len(other.get("vega_lite_chart")) == 2


def test_long_run_is_queued_after_a_confirmation_only(open_page: OpenPage) -> None:
    page = open_page(recipe="augmented")
    queue = resources.training_queue()
    checked(page.button(key="train").click().run())
    assert queue.active_runs() == []
    assert re.search(r"This takes about \*\*.*\d+ (min|h).*\*\* on this server", texts(page))
    checked(page.button(key="confirm_cancel").click().run())
    assert "confirm_train" not in keys(page)
    checked(page.button(key="train").click().run())
    # Other settings are another question.
    checked(page.text_input(key="batch_size").set_value("500").run())
    assert "confirm_train" not in keys(page)
    checked(page.button(key="train").click().run())
    checked(page.button(key="confirm_train").click().run())
    assert "confirm_train" not in keys(page)
    run = queue.get(1)
    assert run is not None
    assert run.config == TrainConfig.augmented(batch_size=500)


@pytest.fixture
def with_password(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DROPOUT_MNIST_PASSWORD", "open sesame")
    resources.owner_password.cache_clear()
    yield
    resources.owner_password.cache_clear()


def open_owner(page: AppTest) -> AppTest:
    page.session_state["owner"] = True
    return checked(page.run())


@pytest.mark.usefixtures("with_password")
def test_password_unlocks_stopping_any_run(open_page: OpenPage) -> None:
    queue = resources.training_queue()
    run_id = queue.submit(replace(SHORT, epochs=1_000, batch_size=5), "somebody")
    page = open_owner(open_page(dataset="digits"))
    checked(page.text_input(key="password").set_value("open").run())
    assert "This is not the password." in texts(page)
    assert f"owner_stop_{run_id}" not in keys(page)
    checked(page.text_input(key="password").set_value("open sesame").run())
    checked(page.button(key=f"owner_stop_{run_id}").click().run())
    run = queue.wait(run_id, TIMEOUT)
    assert run is not None
    assert run.state is RunState.STOPPED


@pytest.mark.usefixtures("with_password")
def test_guessing_the_password_is_slowed_down(open_page: OpenPage) -> None:
    page = open_owner(open_page(dataset="digits"))
    for number in range(MAX_WRONG + 1):
        checked(page.text_input(key="password").set_value(f"guess {number}").run())
    assert "Too many wrong passwords: try again in" in texts(page)


def test_without_a_password_nobody_is_asked_for_one(open_page: OpenPage) -> None:
    page = open_page(dataset="digits")
    page.session_state["owner"] = True
    assert "password" not in {element.key for element in checked(page.run()).text_input}
