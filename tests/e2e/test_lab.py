import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import SEVEN, Playground, watched


class Lab:
    """The lab, as its visitors use it after the Playground."""

    def __init__(self, playground: Playground) -> None:
        self.playground, self.page = playground, playground.page

    def go(self, title: str) -> None:
        """Go to the page with this title."""
        self.page.get_by_role("link", name=title, exact=True).click()

    def enter(self) -> None:
        self.go("Dropout lab")
        expect(self.page.get_by_role("heading", name="Generalization")).to_be_attached()
        expect(self.playground.keyed("generalization_measure")).to_be_attached()

    def press(self, key: str, keyboard_key: str) -> None:
        """Press a key of the keyboard on a slider."""
        slider = self.playground.keyed(key).get_by_role("slider")
        slider.focus()
        slider.press(keyboard_key)


@pytest.fixture
def lab(playground: Playground) -> Lab:
    return Lab(playground)


def test_drawing_survives_a_visit_to_the_lab(lab: Lab) -> None:
    playground = lab.playground
    playground.open()
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    playground.expect_drawing_sent()
    ink = playground.ink()
    lab.enter()
    expect(playground.keyed("subject").get_by_alt_text("Your drawing")).to_be_visible()
    # The thinned networks are on the Playground.
    lab.page.get_by_role("link", name="See thinned networks").click()
    expect(playground.answer).to_have_text("7")
    lab.enter()
    lab.go("Playground")
    expect(playground.answer).to_have_text("7")
    assert playground.ink() == ink


def test_settings_and_model_survive_a_visit_to_the_lab(lab: Lab) -> None:
    lab.playground.open("drop_prob=0.6&epochs=7")
    expect(lab.playground.keyed("drop_prob")).to_contain_text("0.60")
    lab.playground.choose_model("dropout 0.5")
    lab.enter()
    lab.playground.click("another_input")
    lab.go("Playground")
    expect(lab.playground.keyed("model")).to_contain_text("dropout 0.5 · MNIST")
    expect(lab.playground.keyed("drop_prob")).to_contain_text("0.60")
    expect(lab.playground.keyed("epochs").get_by_role("textbox")).to_have_value("7")


def test_sliders_change_texts_and_images(lab: Lab) -> None:
    lab.playground.open()
    lab.enter()
    lab.press("averaged", "ArrowRight")
    expect(lab.page.get_by_text("the average of 11 networks")).to_be_visible()
    lab.press("removed", "ArrowRight")
    expect(lab.page.get_by_text("with 55% of the units removed")).to_be_visible()


def test_data_of_a_chart_can_be_downloaded(lab: Lab) -> None:
    lab.playground.open()
    lab.enter()
    with lab.page.expect_download() as download:
        lab.playground.click("rate_data")
    assert download.value.suggested_filename == "rate.csv"
    assert download.value.path().read_text().startswith("drop_prob,mean,standard_error,runs,series")


@pytest.fixture
def narrow(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 375, "height": 812}, color_scheme="dark")
    with watched(context.new_page()) as page:
        yield page
    context.close()


def test_lab_fits_a_phone(narrow: Page, server: str) -> None:
    lab = Lab(Playground(narrow, server))
    lab.playground.open()
    lab.enter()
    expect(narrow).to_have_url(re.compile("/lab"))
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 375
