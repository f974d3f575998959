"""Browsers in the real world: lost connections, frozen and several tabs, the back button, and other visitors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dropout_mnist.checkpoint import Checkpoint

from ..conftest import SHIPPED_WEIGHTS
from ..test_picture import seven_on_paper
from .conftest import ONE, SEVEN, Playground, watched
from .server import Connection, Server
from .test_lab import Lab
from .test_train import WATCHABLE


@pytest.fixture
def connection(own_server: Server) -> Iterator[Connection]:
    """A connection that the test can cut."""
    connection = Connection(own_server.port)
    yield connection
    connection.cut()


@pytest.fixture
def remote(browser: Browser, connection: Connection) -> Iterator[Playground]:
    """The page on a connection that the test can cut."""
    with browser.new_context() as context, watched(context.new_page(), harmed=True) as page:
        yield Playground(page, connection.address)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photo of a 7."""
    path = tmp_path / "my-own-photo.png"
    seven_on_paper().save(path)
    return path


def test_stroke_drawn_while_disconnected_is_answered_later(remote: Playground, connection: Connection) -> None:
    remote.open()
    first, last = remote.points(ONE)
    remote.page.mouse.move(*first)
    remote.page.mouse.down()
    remote.page.mouse.move((first[0] + last[0]) / 2, (first[1] + last[1]) / 2, steps=5)
    connection.cut()
    remote.page.mouse.move(*last, steps=5)
    remote.page.mouse.up()
    expect(remote.page.get_by_text("Connection error")).to_be_visible()
    connection.restore()
    expect(remote.answer).to_have_text("1")
    expect(remote.page.get_by_text("Connection error")).to_have_count(0)
    assert remote.ink() > 0


def test_run_continues_through_a_lost_connection(remote: Playground, connection: Connection) -> None:
    remote.open(f"{WATCHABLE}&epochs=50&seed=4")
    remote.draw(SEVEN)
    remote.click("train")
    remote.expect_epochs(1)
    connection.cut()
    expect(remote.page.get_by_text("Connection error")).to_be_visible()
    connection.restore()
    expect(remote.training).to_contain_text(re.compile(r"Epoch \d+ of 50"))
    remote.expect_epochs(3)
    expect(remote.answer).to_have_text("7")
    remote.click("stop")
    expect(remote.training).to_contain_text("was stopped after")


def test_frozen_tab_catches_up_with_a_run(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=5")
    playground.draw(SEVEN)
    playground.click("train")
    playground.expect_epochs(1)
    tab = playground.page.context.new_cdp_session(playground.page)
    tab.send("Page.setWebLifecycleState", {"state": "frozen"})
    awake = playground.page.context.new_page()
    other = Playground(awake, playground.server)
    other.open()
    other.expect_epochs(3)
    tab.send("Page.setWebLifecycleState", {"state": "active"})
    playground.page.bring_to_front()
    playground.expect_epochs(3)
    expect(playground.answer).to_have_text("7")
    playground.click("stop")
    expect(playground.training).to_contain_text("was stopped after")


def test_back_and_forward_keep_drawing_and_settings(playground: Playground) -> None:
    lab = Lab(playground)
    playground.open("drop_prob=0.5&model=plain-p0.30")
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    playground.expect_drawing_sent()
    ink = playground.ink()
    lab.enter()
    for _ in range(2):
        playground.page.go_back()
        expect(playground.answer).to_have_text("7")
        expect(playground.keyed("drop_prob").get_by_role("slider")).to_have_value("0.5")
        assert playground.ink() == ink
        playground.page.go_forward()
        expect(lab.questions.last).to_be_visible()


def test_two_tabs_of_a_visitor_share_the_run_but_not_the_drawing(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=6")
    playground.click("train")
    playground.expect_epochs(1)
    with watched(playground.page.context.new_page()) as page:
        second = Playground(page, playground.server)
        second.open()
        second.expect_epochs(1)
        second.draw(ONE)
        expect(second.answer).to_have_text("1")
        # Visitors draw in the tab in front; Chromium throttles the others.
        playground.page.bring_to_front()
        playground.draw(SEVEN)
        expect(playground.answer).to_have_text("7")
        expect(second.answer).to_have_text("1")
        second.click("stop")
        for tab in (second, playground):
            expect(tab.training).to_contain_text("was stopped after")


def test_visitors_do_not_see_what_others_draw_upload_or_choose(
    playground: Playground, other_person: Playground, picture: Path
) -> None:
    playground.open(f"{WATCHABLE}&epochs=1000&seed=7&drop_prob=0.45")
    checkpoint = Checkpoint.load(SHIPPED_WEIGHTS / "plain-p0.00.safetensors")
    playground.keyed("model_menu").get_by_role("button").click()
    weights = {"name": "secret.safetensors", "mimeType": "", "buffer": checkpoint.to_bytes()}
    playground.keyed("upload_weights").locator("input").set_input_files([weights])
    expect(playground.keyed("model")).to_contain_text("no dropout · MNIST")
    playground.page.keyboard.press("Escape")
    expect(playground.keyed("upload_weights")).to_be_hidden()
    expect(playground.keyed("train")).to_contain_text("about")
    playground.click("train")
    expect(playground.training).to_contain_text("images/s")
    playground.choose_input("Upload a picture")
    playground.keyed("picture").locator("input").set_input_files([picture])
    expect(playground.answer).to_be_visible()
    playground.choose_input("Draw")
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")

    other_person.open()
    expect(other_person.invitation).to_be_visible()
    expect(other_person.keyed("drop_prob").get_by_role("slider")).to_have_value("0.3")
    expect(other_person.keyed("model")).to_contain_text("augmented · dropout 0.1")
    expect(other_person.training).to_contain_text("Other visitors have 1 run in this server's queue.")
    other_person.keyed("model_choice").get_by_role("combobox").click()
    expect(other_person.page.get_by_role("option", name="augmented · dropout 0.1")).to_be_visible()
    names = other_person.page.get_by_role("option").all_inner_texts()
    assert "no dropout" in names
    assert not [name for name in names if "secret" in name or "Mine" in name]
    other_person.page.keyboard.press("Escape")
    other_person.choose_input("Upload a picture")
    expect(other_person.prediction).to_contain_text("Upload a picture of one or more digits")
    seen = other_person.page.content()
    assert not [secret for secret in ("secret", picture.name, "p0.45") if secret in seen]

    expect(playground.training).to_contain_text(re.compile(r"Epoch (?:[2-9]|\d{2,}) of"))
    playground.click("stop")
    expect(playground.training).to_contain_text("was stopped after")
