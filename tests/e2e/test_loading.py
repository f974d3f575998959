"""Nothing jumps while a page loads: what comes late has its place before."""

import pytest
from playwright.sync_api import Page

from .conftest import Playground
from .test_lab import Lab

# In pixels.
STILL = 4
# What Google's Web Vitals call good.
GOOD_SHIFT = 0.1

# Notes the places of headings and buttons in every frame, and shifts of the layout that follow no click or key.
OBSERVE = """
window.places = {};
window.shift = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
const look = () => {
    const main = document.querySelector("[data-testid=stMain]");
    for (const element of main?.querySelectorAll("h2, h3, .st-key-skip_prediction") ?? []) {
        const top = element.getBoundingClientRect().top + main.scrollTop;
        (window.places[element.matches("div") ? "Skip" : element.innerText] ??= []).push(Math.round(top));
    }
    requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@pytest.fixture
def lab(page: Page, server: str) -> Lab:
    """The lab in a browser that has none of the application's files yet."""
    page.add_init_script(OBSERVE)
    return Lab(Playground(page, server))


@pytest.mark.parametrize("experiment", ["averaging", "rate"])
def test_question_stays_where_it_appears(lab: Lab, experiment: str) -> None:
    lab.open(experiment, skip=False)
    lab.playground.keyed("skip_prediction").get_by_role("button").wait_for()
    places: dict[str, list[int]] = lab.page.evaluate("window.places")
    assert {"1. Question", "2. Your prediction", "Skip"} <= set(places)
    assert {name: tops for name, tops in places.items() if max(tops) - min(tops) > STILL} == {}


@pytest.mark.parametrize("experiment", ["averaging", "rate"])
def test_measurements_appear_without_jumps(lab: Lab, experiment: str) -> None:
    lab.open(experiment, skip=False)
    lab.page.evaluate("window.shift = 0")
    lab.playground.click("skip_prediction")
    lab.part("measured").locator(".stVegaLiteChart svg").first.wait_for()
    lab.part("verdict").wait_for()
    lab.settle()
    assert lab.page.evaluate("window.shift") < GOOD_SHIFT
