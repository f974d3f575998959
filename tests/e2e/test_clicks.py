"""A click counts although the page changes between the press and the release of the mouse."""

import re

from playwright.sync_api import Locator, expect

from .conftest import Playground

QUICK = "dataset=digits&train_size=100&batch_size=50&hidden_sizes=64&drop_prob=0.5"
STARTED = re.compile(r"images/s|is trained: test accuracy")


def button(playground: Playground, key: str) -> Locator:
    return playground.keyed(key).get_by_role("button").first


def press(playground: Playground, key: str) -> None:
    """Move the mouse to a button and press, but do not release."""
    found = button(playground, key)
    found.scroll_into_view_if_needed()
    box = found.bounding_box()
    assert box is not None
    playground.page.mouse.move(box["x"] + 40, box["y"] + box["height"] / 2)
    playground.page.mouse.down()


def test_button_that_is_replaced_while_pressed_is_clicked(playground: Playground) -> None:
    playground.page.set_viewport_size({"width": 1280, "height": 2000})
    playground.open(f"{QUICK}&epochs=1&repeats=20&seed=51")
    playground.click("train_both")
    expect(playground.keyed("verdict")).to_contain_text("one seed")
    expect(playground.keyed("train_both")).to_contain_text("Train both again")
    playground.page.get_by_text("More settings").click()
    playground.keyed("seed").get_by_role("textbox").fill("52")
    # The new seed has no results, so the button becomes a primary one: another element in its place.
    press(playground, "train_both")
    expect(playground.keyed("train_both")).not_to_contain_text("again")
    playground.page.mouse.up()
    expect(playground.keyed("verdict")).to_contain_text("one seed")
    expect(playground.training).to_contain_text("seed 52")


def test_button_that_moves_while_pressed_is_clicked_once(playground: Playground) -> None:
    playground.page.set_viewport_size({"width": 1280, "height": 2000})
    playground.open(f"{QUICK}&epochs=1000&repeats=20&seed=53")
    playground.keyed("epochs").get_by_role("textbox").fill("3")
    warning = playground.page.get_by_text("training steps: too few to tell")
    press(playground, "train")
    # It stands above the buttons.
    expect(warning).to_be_visible()
    playground.page.mouse.up()
    expect(playground.training).to_contain_text(STARTED)
    expect(playground.training).to_contain_text("dropout 0.5 · scikit-learn's bundled digits · 100 images · 3 epochs")
    expect(playground.keyed("train")).to_contain_text("Train again")


def test_press_that_is_dragged_away_is_no_click(playground: Playground) -> None:
    playground.page.set_viewport_size({"width": 1280, "height": 2000})
    playground.open(f"{QUICK}&epochs=2&repeats=20&seed=54")
    press(playground, "train")
    box = playground.keyed("expectation").bounding_box()
    assert box is not None
    playground.page.mouse.move(box["x"], box["y"], steps=4)
    playground.page.mouse.up()
    # What is clicked next is answered after it.
    playground.click("as_code")
    expect(playground.page.get_by_role("dialog")).to_be_visible()
    expect(playground.training).to_contain_text("There are no results with these settings yet.")
