import re
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise, product

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from dropout_mnist.preprocessing.drawing import read_canvas, read_strokes
from dropout_mnist.preprocessing.fabricjs import make_path, read_path

from ..conftest import accuracy_of
from .conftest import ONE, SEVEN, Playground, watched


def test_first_screen_invites_to_draw_and_shows_the_model(playground: Playground) -> None:
    playground.open()
    expect(playground.invitation).to_be_visible()
    expect(playground.answer).to_be_hidden()
    model = playground.keyed("model")
    expect(model).to_be_in_viewport()
    expect(model).to_contain_text(f"test accuracy {accuracy_of('augmented')}")


def test_digit_is_answered_after_each_stroke(playground: Playground) -> None:
    playground.open()
    playground.draw(ONE)
    expect(playground.answer).to_have_text("1")
    expect(playground.page.locator(".st-key-network_input canvas")).to_be_visible()
    playground.click("clear")
    expect(playground.invitation).to_be_visible()
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    playground.click("clear")
    expect(playground.invitation).to_be_visible()
    assert playground.ink() == 0


def test_undo_removes_one_stroke_by_button_and_by_key(playground: Playground) -> None:
    playground.open()
    playground.draw(((0.25, 0.2), (0.75, 0.2)), ((0.75, 0.2), (0.45, 0.85)))
    expect(playground.answer).to_have_text("7")
    both = playground.ink()
    playground.click("undo")
    expect(playground.answer).not_to_have_text("7")
    one = playground.ink()
    assert 0 < one < both
    playground.page.keyboard.press("Control+z")
    expect(playground.invitation).to_be_visible()
    assert playground.ink() == 0


def test_drawing_survives_reruns_other_inputs_and_a_reload(playground: Playground) -> None:
    playground.open()
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    ink = playground.ink()
    slider = playground.keyed("drop_prob").get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    expect(playground.page).to_have_url(re.compile("drop_prob=0.35"))
    # The bundled digits need no download.
    playground.page.get_by_text("scikit-learn's bundled digits", exact=True).click()
    playground.click("another")
    expect(playground.answer).to_have_text("7")
    assert playground.ink() == ink
    playground.choose_input("Upload a picture")
    expect(playground.canvas).to_have_count(0)
    expect(playground.prediction).to_contain_text("Upload a picture of one or more digits")
    playground.choose_input("Draw")
    expect(playground.answer).to_have_text("7")
    assert playground.ink() == ink
    playground.page.reload()
    expect(playground.answer).to_have_text("7")
    expect(playground.keyed("drop_prob").get_by_role("slider")).to_have_value("0.35")
    assert playground.ink() == ink
    playground.click("clear")
    # The panel is ahead of the server.
    expect(playground.keyed("clear").get_by_role("button")).to_be_disabled()
    playground.page.reload()
    expect(playground.invitation).to_be_visible()
    assert playground.ink() == 0


def test_wider_pen_leaves_more_ink(playground: Playground) -> None:
    playground.open()
    playground.draw(ONE)
    expect(playground.answer).to_have_text("1")
    thin = playground.ink()
    playground.click("clear")
    expect(playground.invitation).to_be_visible()
    playground.click("pen")
    slider = playground.keyed("pen_width").get_by_role("slider")
    slider.focus()
    slider.press("End")
    expect(slider).to_have_value("40")
    playground.page.keyboard.press("Escape")
    # The canvas gets the width together with the live panel.
    playground.page.wait_for_function("dropoutMnistLive.slots.live_input.pen_width === 40")
    playground.draw(ONE)
    expect(playground.answer).to_be_visible()
    assert playground.ink() > 1.5 * thin


def test_stroke_can_begin_in_every_corner(playground: Playground) -> None:
    playground.open()
    for corner in product((0.02, 0.98), repeat=2):
        # The pointer comes from outside and presses at once, like a finger.
        playground.page.mouse.move(5, 5)
        playground.draw((corner, (0.5, 0.5)))
        expect(playground.answer).to_be_visible()
        playground.click("clear")
        expect(playground.invitation).to_be_visible()


PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture
def phone(browser: Browser, server: str) -> Iterator[Playground]:
    context = browser.new_context(**PHONE)  # type: ignore[arg-type]
    with watched(context.new_page()) as page:
        yield Playground(page, server)
    context.close()


def scroll_position(page: Page) -> float:
    top: float = page.get_by_test_id("stMain").evaluate("main => main.scrollTop")
    return top


def test_touch_draws_on_a_phone_without_scrolling_the_page(phone: Playground) -> None:
    phone.open()
    points = phone.points(SEVEN)
    before = scroll_position(phone.page)
    session = phone.page.context.new_cdp_session(phone.page)

    def touch(kind: str, *at: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})

    touch("touchStart", points[0])
    for (x0, y0), (x1, y1) in pairwise(points):
        for step in range(1, 11):
            touch("touchMove", (x0 + (x1 - x0) * step / 10, y0 + (y1 - y0) * step / 10))
    touch("touchEnd")
    expect(phone.answer).to_have_text("7")
    assert scroll_position(phone.page) == before
    # Nothing is wider than the phone.
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 375


def test_canvas_gives_the_same_input_as_the_strokes_themselves(playground: Playground) -> None:
    # A 3 with a flat top and a crossed 7. The points are whole pixels, like those of a mouse.
    three = [(90, 60), (180, 60), (130, 120), (165, 135), (180, 170), (160, 215), (110, 225), (80, 205)]
    seven = [[(80, 60), (200, 62), (150, 150), (130, 230)], [(110, 150), (190, 140)]]
    playground.open()
    for strokes in ([three], seven):
        playground.draw(*(tuple((x / 280, y / 280) for x, y in stroke) for stroke in strokes), steps=1)
        expect(playground.answer).to_be_visible()
        expected = read_strokes([read_path(make_path(stroke, 20)) for stroke in strokes])
        assert expected is not None
        playground.expect_input(expected, tolerance=1)
        drawn = read_canvas(playground.image())
        assert drawn is not None
        # The image has a wider pen, and is moved by whole pixels.
        shifts = product((-1, 0, 1), repeat=2)
        assert min(np.abs(np.roll(drawn, shift, (0, 1)).astype(float) - expected).mean() for shift in shifts) < 15
        playground.click("clear")
        expect(playground.invitation).to_be_visible()


def test_digits_of_a_drawing_have_boxes_over_the_canvas(playground: Playground) -> None:
    playground.open()
    boxes = playground.keyed("canvas").locator(".digit-boxes rect")
    playground.draw(((0.1, 0.2), (0.4, 0.2), (0.25, 0.8)))
    expect(playground.answer).to_have_text("7")
    expect(boxes).to_have_count(0)
    playground.draw(((0.75, 0.2), (0.75, 0.8)))
    expect(boxes).to_have_count(2)
    assert playground.keyed("canvas").locator(".digit-boxes text").all_text_contents() == ["7", "1"]
    canvas, seven, one = (each.bounding_box() for each in (playground.keyed("canvas"), boxes.first, boxes.last))
    assert canvas
    assert seven
    assert one
    assert canvas["x"] <= seven["x"] < seven["x"] + seven["width"] < one["x"] < canvas["x"] + canvas["width"]
    for box, x in ((seven, 0.25), (one, 0.75)):
        assert abs(box["x"] + box["width"] / 2 - canvas["x"] - x * canvas["width"]) < 0.02 * canvas["width"]
    # They are drawn over the canvas, in light blue, and do not catch the pen.
    seen = np.asarray(Image.open(BytesIO(playground.keyed("canvas").screenshot())).convert("RGB")).astype(int)
    assert (np.abs(seen - (0x56, 0xB4, 0xE9)).max(axis=-1) < 16).sum() > 100
    ink = playground.ink()
    playground.draw(((0.1, 0.5), (0.4, 0.5)))
    assert playground.ink() > ink
    playground.click("clear")
    expect(boxes).to_have_count(0)
