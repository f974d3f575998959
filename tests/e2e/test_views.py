"""What fits on the screen of a phone and of a projector, and the link to what is seen."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import SEVEN, Playground, watched

PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def phone(browser: Browser, server: str) -> Iterator[Playground]:
    with browser.new_context(**PHONE) as context, watched(context.new_page()) as page:  # type: ignore[arg-type]
        yield Playground(page, server)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of a 7, as high as wide."""
    image = Image.new("L", (300, 300), 235)
    ImageDraw.Draw(image).line([(80, 60), (220, 60), (140, 260)], fill=30, width=16)
    image.save(path := tmp_path / "seven.png")
    return path


def is_in_first_screen(element: Locator) -> bool:
    """Whether all of an element is on the screen of a page that was not scrolled."""
    page = element.page
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0
    box, size = element.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    return (
        box["x"] >= 0
        and box["y"] >= 0
        and box["x"] + box["width"] <= size["width"]
        and box["y"] + box["height"] <= size["height"]
    )


def width(element: Locator) -> float:
    box = element.bounding_box()
    assert box is not None
    return box["width"]


def assert_nothing_is_wider_than_the_page(page: Page) -> None:
    size = page.viewport_size
    assert size is not None
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth") <= size["width"]


@pytest.mark.parametrize(("language", "certainty"), [("en", "sure"), ("ko", "확신")])
def test_first_screen_of_a_phone_has_the_answer(phone: Playground, language: str, certainty: str) -> None:
    phone.page.goto(f"{phone.server}/?lang={language}")
    expect(phone.canvas).to_be_visible()
    expect(phone.page.locator("html")).to_have_attribute("lang", language)
    expect(phone.prediction.get_by_text("0").first).to_be_visible()
    session = phone.page.context.new_cdp_session(phone.page)

    def touch(kind: str, *at: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})

    points = phone.points(SEVEN)
    touch("touchStart", points[0])
    for (x0, y0), (x1, y1) in pairwise(points):
        for step in range(1, 11):
            touch("touchMove", (x0 + (x1 - x0) * step / 10, y0 + (y1 - y0) * step / 10))
    touch("touchEnd")
    expect(phone.answer).to_have_text("7")
    sure = phone.prediction.get_by_text(certainty).first
    expect(sure).to_be_visible()
    below = phone.canvas.bounding_box()
    assert below is not None
    for element in (phone.answer, sure):
        assert is_in_first_screen(element)
        box = element.bounding_box()
        assert box is not None
        assert box["y"] >= below["y"] + below["height"]
    # The likeliest digits are among the ten, whichever they are.
    rows = phone.prediction.locator(".live-rows > div")
    expect(rows).to_have_count(10)
    assert all(is_in_first_screen(rows.nth(digit)) for digit in range(10))
    assert is_in_first_screen(phone.keyed("pen"))
    assert_nothing_is_wider_than_the_page(phone.page)


@pytest.mark.parametrize(("size", "smallest"), [((1920, 1080), 600), ((1024, 768), 420)])
def test_presentation_enlarges_drawings_pictures_and_test_images(
    playground: Playground, picture: Path, size: tuple[int, int], smallest: int
) -> None:
    page = playground.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    playground.open("view=presentation")
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    canvas = playground.keyed("canvas")
    large = width(canvas)
    assert large >= smallest
    assert is_in_first_screen(canvas)
    assert is_in_first_screen(playground.answer)
    assert is_in_first_screen(playground.prediction.locator(".live-rows"))
    assert_nothing_is_wider_than_the_page(page)
    playground.choose_input("Use a test image")
    image = playground.keyed("input_picture").get_by_role("img")
    expect(image).to_be_visible()
    assert width(image) == pytest.approx(large, abs=2)
    playground.choose_input("Upload a picture")
    page.locator(".st-key-picture input[type=file]").set_input_files(picture)
    expect(playground.keyed("input_picture").get_by_text("seven.png")).to_be_visible()
    assert width(image) == pytest.approx(large, abs=2)
    assert is_in_first_screen(playground.answer)
    assert_nothing_is_wider_than_the_page(page)


def test_presentation_has_larger_text_on_a_projector(playground: Playground) -> None:
    playground.page.set_viewport_size({"width": 1920, "height": 1080})
    sizes = []
    for query in ("", "view=presentation"):
        playground.open(query)
        text = playground.keyed("promise").get_by_role("heading")
        sizes.append(float(text.evaluate("heading => parseFloat(getComputedStyle(heading).fontSize)")))
    assert sizes[1] >= 1.4 * sizes[0]


def test_copied_link_leads_to_the_same_screen(playground: Playground, browser: Browser) -> None:
    page = playground.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{playground.server}/?drop_prob=0.5&input=test&image=7")
    expect(page.get_by_text("Test image 7 of")).to_be_visible()
    button = playground.keyed("copy_link").get_by_role("button")
    button.click()
    expect(button).to_have_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    expect(button).to_have_text("Copy link")
    with browser.new_context() as context, watched(context.new_page()) as other:
        other.goto(link)
        expect(other.get_by_text("Test image 7 of")).to_be_visible()
        expect(other.locator(".st-key-drop_prob").get_by_role("slider")).to_have_value("0.5")


def test_link_is_shown_where_the_browser_refuses_to_copy(playground: Playground) -> None:
    page = playground.page
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
    playground.open("drop_prob=0.5")
    playground.keyed("copy_link").get_by_role("button").click()
    address = playground.keyed("copy_link").get_by_role("textbox")
    expect(address).to_have_value(page.url)
    selected = "input => input.value.slice(input.selectionStart, input.selectionEnd)"
    assert address.evaluate(selected) == page.url
