"""The page that `export --format html` writes, opened from a file without a connection."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ..test_export import split_page
from .conftest import ONE, SEVEN, Playground

PAGE = Path(__file__).parents[2] / "docs" / "live.html"


def press(page: Page, stroke: tuple[tuple[float, float], ...]) -> None:
    """Draw a stroke and keep the button pressed."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=10)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_page_answers_offline_while_the_pen_moves(page: Page, width: int, scheme: str) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.context.set_offline(True)
    page.goto(PAGE.as_uri())
    digit = page.get_by_test_id("live-digit")
    invitation = page.get_by_text("Draw a digit, 0 to 9.")
    undo = page.get_by_role("button", name="Undo")
    expect(invitation).to_be_visible()
    expect(undo).to_be_disabled()

    press(page, SEVEN)
    expect(digit).to_have_text("7")
    page.mouse.up()
    undo.click()
    expect(invitation).to_be_visible()
    press(page, ONE)
    page.mouse.up()
    expect(digit).to_have_text("1")

    expect(page.get_by_text("this thinned network")).to_be_hidden()
    page.get_by_role("switch", name="Dropout").check()
    expect(page.get_by_text("this thinned network")).to_be_visible()
    page.get_by_role("switch", name="Dropout").uncheck()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Clear").click()
    expect(invitation).to_be_visible()
    assert requests == [PAGE.as_uri()]


def test_playground_offers_the_same_page(playground: Playground) -> None:
    playground.open()
    playground.keyed("model_menu").get_by_role("button", name="More").click()
    with playground.page.expect_download() as download:
        playground.keyed("export_html").get_by_role("button").click()
    assert download.value.suggested_filename == "augmented.html"
    downloaded = Path(download.value.path()).read_text(encoding="utf-8")
    assert split_page(downloaded) == split_page(PAGE.read_text(encoding="utf-8"))
