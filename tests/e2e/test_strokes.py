"""How strokes end, and what the keyboard reaches."""

import pytest
from playwright.sync_api import expect

from .conftest import ONE, SEVEN, Playground
from .test_draw import phone  # noqa: F401


def press(playground: Playground, stroke: tuple[tuple[float, float], ...]) -> None:
    """Draw a stroke and keep the button pressed."""
    first, *rest = playground.points(stroke)
    playground.page.mouse.move(*first)
    playground.page.mouse.down()
    for point in rest:
        playground.page.mouse.move(*point, steps=10)
        playground.page.evaluate("() => new Promise(requestAnimationFrame)")


def expect_no_drawing_by_hovering(playground: Playground) -> None:
    """Move the pointer over the canvas and compare the ink before and after."""
    expect(playground.answer).to_be_visible()
    ink = playground.ink()
    assert ink > 0
    for point in playground.points(((0.9, 0.9), (0.1, 0.9), (0.1, 0.1))):
        playground.page.mouse.move(*point, steps=5)
        playground.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert playground.ink() == ink


@pytest.mark.parametrize("key", ["undo", "redo", "clear"])
def test_stroke_ends_over_a_disabled_button(playground: Playground, key: str) -> None:
    playground.open()
    button = playground.keyed(key).get_by_role("button")
    expect(button).to_be_disabled()
    press(playground, ONE)
    box = button.bounding_box()
    assert box is not None
    playground.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    playground.page.mouse.up()
    expect_no_drawing_by_hovering(playground)
    playground.click("undo")
    expect(playground.invitation).to_be_visible()


def test_stroke_ends_outside_the_window(playground: Playground) -> None:
    playground.open()
    press(playground, ONE)
    playground.page.mouse.move(-20, 300, steps=5)
    playground.page.mouse.up()
    expect_no_drawing_by_hovering(playground)


@pytest.mark.parametrize("button", ["right", "middle"])
def test_other_mouse_button_ends_the_stroke(playground: Playground, button: str) -> None:
    playground.open()
    press(playground, ONE)
    playground.page.mouse.down(button=button)  # type: ignore[arg-type]
    playground.page.mouse.up(button=button)  # type: ignore[arg-type]
    expect_no_drawing_by_hovering(playground)
    playground.page.mouse.up()
    playground.click("clear")
    expect(playground.invitation).to_be_visible()
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")


def test_canceled_touch_ends_the_stroke(phone: Playground) -> None:  # noqa: F811
    phone.open()
    session = phone.page.context.new_cdp_session(phone.page)

    def touch(kind: str, *at: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})

    for ending in ("touchCancel", "touchEnd"):
        (x0, y0), (x1, y1) = phone.points(ONE)
        touch("touchStart", (x0, y0))
        for step in range(1, 11):
            touch("touchMove", (x0 + (x1 - x0) * step / 10, y0 + (y1 - y0) * step / 10))
        touch(ending)
        expect(phone.answer).to_have_text("1")
        phone.click("clear")
        expect(phone.invitation).to_be_visible()


def test_keyboard_reaches_no_hidden_tool(playground: Playground) -> None:
    playground.open()
    playground.draw(ONE)
    expect(playground.answer).to_have_text("1")
    # Walk through everything that takes focus.
    focused = """() => {
        let element = document.activeElement;
        while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
        return {label: element.ariaLabel ?? element.innerText, hidden: element.closest(".dc-toolbar") !== null};
    }"""
    labels = []
    playground.page.keyboard.press("Tab")
    for _ in range(80):
        state = playground.page.evaluate(focused)
        assert not state["hidden"], state
        labels.append(state["label"] or "")
        playground.page.keyboard.press("Tab")
    assert any("Undo" in label for label in labels)
    assert any("Train" in label for label in labels)


def test_undone_stroke_is_restored_by_button_and_by_key(playground: Playground) -> None:
    playground.open()
    playground.draw(((0.25, 0.2), (0.75, 0.2)), ((0.75, 0.2), (0.45, 0.85)))
    expect(playground.answer).to_have_text("7")
    ink = playground.ink()
    for redo in (
        lambda: playground.click("redo"),
        lambda: playground.page.keyboard.press("Control+y"),
        lambda: playground.page.keyboard.press("Control+Shift+z"),
    ):
        playground.page.keyboard.press("Control+z")
        expect(playground.answer).not_to_have_text("7")
        redo()
        expect(playground.answer).to_have_text("7")
        assert playground.ink() == ink
        expect(playground.keyed("redo").get_by_role("button")).to_be_disabled()


def test_shortcut_in_a_text_field_edits_its_text(playground: Playground) -> None:
    playground.open()
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    playground.page.get_by_text("More settings").click()
    field = playground.keyed("hidden_sizes").get_by_role("textbox")
    field.click()
    before = field.input_value()
    field.press("End")
    playground.page.keyboard.insert_text("x64")
    expect(field).to_have_value(f"{before}x64")
    field.press("Control+z")
    expect(field).to_have_value(before)
    field.press("Control+Shift+z")
    expect(field).to_have_value(f"{before}x64")
    field.press("Control+z")
    expect(playground.keyed("redo").get_by_role("button")).to_be_disabled()
    expect(playground.keyed("undo").get_by_role("button")).to_be_enabled()
    expect(playground.answer).to_have_text("7")
