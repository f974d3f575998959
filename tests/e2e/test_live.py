"""The live panel on the page."""

import re
from collections import Counter
from time import monotonic
from typing import Any

from playwright.sync_api import Page, expect

from .conftest import SEVEN, TIMEOUT, Playground
from .test_lab import Lab


def layer_pixels(playground: Playground, number: int) -> list[int]:
    """Return the colors of a hidden layer's units, the red, green, blue and alpha of one after the other."""
    canvas = playground.prediction.locator(".live-units canvas").nth(number)
    pixels: list[int] = canvas.evaluate(
        "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
    )
    return pixels


def press_and_move(playground: Playground) -> None:
    """Draw a seven and keep the pen down."""
    first, *rest = playground.points(SEVEN)
    playground.page.mouse.move(*first)
    playground.page.mouse.down()
    for point in rest:
        playground.page.mouse.move(*point, steps=10)


def test_answer_follows_the_pen_while_it_is_down(playground: Playground) -> None:
    playground.open()
    empty = layer_pixels(playground, 0)
    press_and_move(playground)
    expect(playground.answer).to_have_text("7")
    assert layer_pixels(playground, 0) != empty
    # Announced once the drawing rests.
    announcement = playground.prediction.locator("[aria-live=polite]")
    expect(announcement).to_have_text("")
    playground.page.mouse.up()
    expect(announcement).to_contain_text("A 7.")


def test_dropout_draws_masks_and_averages_their_answers(playground: Playground) -> None:
    playground.open()
    playground.draw(SEVEN)
    panel = playground.prediction
    full = layer_pixels(playground, 1)
    panel.get_by_role("switch", name="Dropout").press(" ")
    rate = panel.get_by_role("slider", name="Rate")
    expect(rate).to_have_value("0.1")
    for _ in range(8):
        rate.press("ArrowRight")
    expect(rate).to_have_value("0.5")
    # Masks change by themselves, and units of the last one are dark.
    expect(panel.get_by_text(re.compile(r"average of ([3-9]|\d\d):"))).to_be_visible()
    expect(panel.get_by_text("dropped").first).to_be_visible()
    assert layer_pixels(playground, 1) != full
    panel.get_by_label("New masks").select_option("by hand")
    still = layer_pixels(playground, 1)
    panel.get_by_role("button", name="Another mask").click()
    playground.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert layer_pixels(playground, 1) != still
    panel.get_by_role("switch", name="Dropout").press(" ")
    expect(panel.get_by_text("average of")).to_have_count(0)
    expect(playground.answer).to_have_text("7")


def test_units_are_inspected_and_dropped_by_keyboard_and_mouse(playground: Playground) -> None:
    playground.open()
    playground.draw(SEVEN)
    panel = playground.prediction
    layer = panel.get_by_role("slider", name="Hidden layer 1")
    layer.focus()
    for key in ("Home", "ArrowDown", "ArrowRight"):
        layer.press(key)
    expect(layer).to_have_attribute("aria-valuenow", "34")
    expect(layer).to_have_attribute("aria-valuetext", re.compile("Layer 1, unit 34: "))
    expect(panel.get_by_role("img", name="The unit's weights")).to_be_visible()
    layer.press("Enter")
    expect(panel.get_by_text("dropped by hand")).to_be_visible()
    panel.get_by_role("button", name="Restore this unit").click()
    expect(panel.get_by_text("dropped by hand")).to_have_count(0)
    panel.get_by_role("slider", name="Hidden layer 2").click(position={"x": 20, "y": 20})
    expect(panel.get_by_text("Layer 2, unit")).to_be_visible()
    expect(panel.get_by_role("img", name="The unit's weights")).to_be_hidden()
    # Without 90% of its units, the network cannot be sure of a 7 for long.
    share = panel.get_by_role("slider", name="Drop by hand")
    share.press("End")
    restore = panel.get_by_role("button", name=re.compile(r"Restore all units \(18\d\d dropped\)"))
    expect(restore).to_be_enabled()
    restore.click()
    expect(panel.get_by_role("button", name="Restore all units", exact=True)).to_be_disabled()
    expect(playground.answer).to_have_text("7")


def test_second_model_answers_the_same_drawing(playground: Playground) -> None:
    playground.open()
    expect(playground.keyed("test_accuracy")).to_be_visible()
    playground.compare_with("dropout 0.3")
    press_and_move(playground)
    expect(playground.answer).to_have_text("7")
    expect(playground.prediction.get_by_test_id("live-comparison-digit")).to_have_text("7")
    expect(playground.prediction.get_by_text("dropout 0.3", exact=True)).to_be_visible()
    playground.page.mouse.up()


def test_test_images_and_other_models_use_the_same_panel(playground: Playground) -> None:
    playground.open()
    playground.choose_input("Use a test image")
    expect(playground.answer).to_be_visible()
    playground.choose_input("Draw")
    expect(playground.answer).to_be_hidden()
    expect(playground.invitation).to_be_visible()


# What the panel listens to: on the document, and on the mailbox.
WATCHED = {"pointerdown", "pointermove", "pointerup", "pointercancel", "contextmenu", "mousedown", "change"}


class Leftovers:
    """What scripts keep in a tab: listeners on the document and the mailbox, panels, and memory."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.session.send("HeapProfiler.enable")
        self.session.send("Runtime.enable")

    def listeners(self, expression: str) -> Counter[str]:
        """Return how many listeners an object has, by type, without those that Streamlit's own widgets add."""
        found = self.session.send("Runtime.evaluate", {"expression": expression})["result"]["objectId"]
        listed = self.session.send("DOMDebugger.getEventListeners", {"objectId": found})["listeners"]
        return Counter(listener["type"] for listener in listed if listener["type"] in WATCHED)

    def count(self) -> dict[str, Any]:
        return {
            "document": self.listeners("document"),
            "mailbox": self.listeners("window.dropoutMnistLive"),
            "slots": self.page.evaluate("Object.values(window.dropoutMnistLive.slots).filter(Boolean).length"),
            "panels": self.page.locator(".live").count(),
        }

    def memory(self) -> float:
        """Return the size of all arrays of numbers after garbage collection, in MB: weights above all."""
        self.session.send("HeapProfiler.collectGarbage")
        prototype = self.session.send("Runtime.evaluate", {"expression": "ArrayBuffer.prototype"})["result"]["objectId"]
        buffers = self.session.send("Runtime.queryObjects", {"prototypeObjectId": prototype})["objects"]["objectId"]
        sizes = "function() { return this.reduce((sum, buffer) => sum + buffer.byteLength, 0); }"
        call = {"functionDeclaration": sizes, "objectId": buffers, "returnByValue": True}
        return float(self.session.send("Runtime.callFunctionOn", call)["result"]["value"]) / 1e6


def test_nothing_is_left_by_reruns_and_page_changes(playground: Playground) -> None:
    lab = Lab(playground)
    playground.open()
    slider = playground.keyed("drop_prob").get_by_role("slider")

    def rerun(times: int) -> None:
        for number in range(times):
            key = "Home" if number % 2 else "End"
            end = monotonic() + TIMEOUT
            # The URL follows with the rerun. A key pressed while the slider is drawn again is lost.
            while ("drop_prob=0.9" in playground.page.url) != (key == "End"):
                assert monotonic() < end, f"the page did not rerun: {playground.page.url}"
                slider.press(key)

    def change_page() -> None:
        lab.enter()
        lab.go("Playground")
        playground.draw(SEVEN)
        expect(playground.answer).to_have_text("7")

    change_page()
    rerun(4)
    leftovers = Leftovers(playground.page)
    before, memory = leftovers.count(), leftovers.memory()
    assert before["panels"] == 1
    for _ in range(4):
        rerun(24)
        change_page()
    after = leftovers.count()
    assert after == before
    # One more copy of the weights would be 2.4 MB, or 4.8 MB unpacked.
    assert leftovers.memory() - memory < 2
