"""Both pages with axe-core, in both color schemes, and at the width of 400 % zoom."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from .conftest import Playground, watched
from .test_lab import Lab

# 1280 pixels at 400 %.
NARROW = 320


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=[1280, NARROW])
def tab(request: pytest.FixtureRequest, browser: Browser, scheme: str) -> Iterator[Page]:
    viewport = {"width": request.param, "height": 900}
    with browser.new_context(viewport=viewport, color_scheme=scheme) as context, watched(context.new_page()) as page:  # type: ignore[arg-type]
        yield page


def expect_accessible(page: Page) -> None:
    """Fail on the findings of axe-core that it calls serious or critical, and on sideways scrolling."""
    findings = [
        f"{finding['id']}: {node['target']} {node['html']}"
        for finding in Axe().run(page).response["violations"]
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]
    assert findings == []
    widths = page.get_by_test_id("stMain").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert widths[0] <= widths[1]


def test_playground_has_no_serious_finding(tab: Page, server: str) -> None:
    playground = Playground(tab, server)
    playground.open()
    playground.page.get_by_text("More settings").click()
    expect(playground.keyed("random_sample")).to_be_visible()
    expect(playground.keyed("learning_rate")).to_be_visible()
    expect_accessible(tab)


def test_lab_has_no_serious_finding(tab: Page, server: str) -> None:
    lab = Lab(Playground(tab, server))
    lab.playground.open()
    lab.enter()
    expect_accessible(tab)
    for experiment in ("little-data", "sparsity", "uncertainty"):
        lab.open(experiment, skip=False)
        expect_accessible(tab)
        lab.open(experiment)
        expect(tab.locator(".stVegaLiteChart svg").last).to_be_attached()
        expect_accessible(tab)
