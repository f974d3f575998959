"""What happens to browsers: lines break, tabs sleep and multiply, people go back and forth, and share a server."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dropout_mnist.checkpoint import encode_checkpoint, load_checkpoint

from ..conftest import SHIPPED_WEIGHTS
from ..test_picture import seven_on_paper
from .conftest import ONE, SEVEN, Playground, watched
from .server import Line, Server
from .test_lab import Lab
from .test_train import WATCHABLE


@pytest.fixture
def line(own_server: Server) -> Iterator[Line]:
    """A line to a server."""
    line = Line(own_server.port)
    yield line
    line.cut()


@pytest.fixture
def remote(browser: Browser, line: Line) -> Iterator[Playground]:
    """The page at the end of the line."""
    with browser.new_context() as context, watched(context.new_page(), harmed=True) as page:
        yield Playground(page, line.address)


@pytest.fixture
def other_person(browser: Browser, server: str) -> Iterator[Playground]:
    """The page in a browser of somebody else."""
    with browser.new_context() as context, watched(context.new_page()) as page:
        yield Playground(page, server)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photo of a 7."""
    path = tmp_path / "my-own-photo.png"
    seven_on_paper().save(path)
    return path


def test_stroke_drawn_while_the_connection_was_lost_is_answered_when_it_is_back(remote: Playground, line: Line) -> None:
    remote.open()
    first, last = remote.points(ONE)
    remote.page.mouse.move(*first)
    remote.page.mouse.down()
    remote.page.mouse.move((first[0] + last[0]) / 2, (first[1] + last[1]) / 2, steps=5)
    line.cut()
    remote.page.mouse.move(*last, steps=5)
    remote.page.mouse.up()
    expect(remote.page.get_by_text("Connection error")).to_be_visible()
    line.mend()
    expect(remote.answer).to_have_text("1")
    expect(remote.page.get_by_text("Connection error")).to_have_count(0)
    assert remote.ink() > 0


def test_training_goes_on_through_a_lost_connection_and_is_drawn_live_again(remote: Playground, line: Line) -> None:
    remote.open(f"{WATCHABLE}&epochs=50&seed=4")
    remote.draw(SEVEN)
    remote.click("train")
    remote.expect_epochs(1)
    line.cut()
    expect(remote.page.get_by_text("Connection error")).to_be_visible()
    line.mend()
    expect(remote.training).to_contain_text(re.compile(r"Epoch \d+ of 50"))
    remote.expect_epochs(3)
    expect(remote.answer).to_have_text("7")
    remote.click("stop")
    expect(remote.training).to_contain_text("was stopped after")


def test_tab_that_slept_through_a_part_of_a_training_catches_up(playground: Playground) -> None:
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


def test_back_and_forth_lose_neither_drawing_nor_settings(playground: Playground) -> None:
    lab = Lab(playground)
    playground.open("drop_prob=0.5")
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    ink = playground.ink()
    lab.enter()
    for _ in range(2):
        playground.page.go_back()
        expect(playground.answer).to_have_text("7")
        expect(playground.keyed("drop_prob").get_by_role("slider")).to_have_value("0.5")
        assert playground.ink() == ink
        playground.page.go_forward()
        expect(playground.keyed("specimen").get_by_alt_text("Your drawing")).to_be_visible()


def test_two_tabs_of_one_person_show_the_same_training_and_drawings_of_their_own(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=6")
    playground.click("train")
    playground.expect_epochs(1)
    with watched(playground.page.context.new_page()) as page:
        second = Playground(page, playground.server)
        second.open()
        second.expect_epochs(1)
        second.draw(ONE)
        expect(second.answer).to_have_text("1")
        # People draw on the tab in front; Chromium lets the others wait.
        playground.page.bring_to_front()
        playground.draw(SEVEN)
        expect(playground.answer).to_have_text("7")
        expect(second.answer).to_have_text("1")
        second.click("stop")
        for tab in (second, playground):
            expect(tab.training).to_contain_text("was stopped after")


def test_nobody_sees_what_another_draws_uploads_or_chooses(
    playground: Playground, other_person: Playground, picture: Path
) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=7&drop_prob=0.45")
    checkpoint = load_checkpoint(SHIPPED_WEIGHTS / "plain-p0.00.safetensors")
    playground.keyed("model_menu").get_by_role("button").click()
    weights = {"name": "secret.safetensors", "mimeType": "", "buffer": encode_checkpoint(checkpoint)}
    playground.keyed("upload_weights").locator("input").set_input_files([weights])
    expect(playground.keyed("model")).to_contain_text("drop_prob 0 ")
    playground.page.keyboard.press("Escape")
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
    expect(other_person.keyed("model")).to_contain_text("augmented recipe")
    expect(other_person.training).to_contain_text("In the queue of this server: 1 training of other visitors.")
    other_person.keyed("model").get_by_test_id("stSelectbox").click()
    expect(other_person.page.get_by_role("option", name="augmented")).to_be_visible()
    names = other_person.page.get_by_role("option").all_inner_texts()
    assert "plain-p0.00" in names
    assert not [name for name in names if "secret" in name or "uploaded" in name]
    other_person.page.keyboard.press("Escape")
    other_person.choose_input("Upload a picture")
    expect(other_person.prediction).to_contain_text("Upload a picture of one digit.")
    seen = other_person.page.content()
    assert not [secret for secret in ("secret", picture.name, "p0.45") if secret in seen]

    playground.click("stop")
    expect(playground.training).to_contain_text("was stopped after")
