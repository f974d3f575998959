"""A running server and a real Chromium. Tests wait for what the page shows, never for a fixed time."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserType, ConsoleMessage, Locator, Page, expect

from dropout_mnist.preprocessing.drawing import Pixels

from ..conftest import skip_or_fail
from .server import Server, running

# Generous, so that the tests also pass on two cores that are busy with other work.
TIMEOUT = 120
expect.set_options(timeout=TIMEOUT * 1_000)

# As fractions of the canvas.
ONE = ((0.54, 0.15), (0.46, 0.85))
SEVEN = ((0.25, 0.2), (0.75, 0.2), (0.45, 0.85))


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type: BrowserType, browser_type_launch_args: dict[str, object]
) -> dict[str, object]:
    """Use the system's Chromium, else the one from `playwright install chromium`; skip if there is none."""
    system = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    path = system or browser_type.executable_path
    if not Path(path).exists():
        skip_or_fail("There is no Chromium: install your system's package or run `playwright install chromium`")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    # Chromium's own sandbox does not work for root.
    return {**browser_type_launch_args, "executable_path": path, "args": quiet + ["--no-sandbox"] * root}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the application for the whole session; yield its address."""
    with running(Server(tmp_path_factory.mktemp("server"))) as server:
        yield server.address


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server for one test, which may harm it."""
    folder = tmp_path / "server"
    folder.mkdir()
    with running(Server(folder)) as server:
        yield server


@contextmanager
def watched(page: Page, *, harmed: bool = False) -> Iterator[Page]:
    """Fail on script errors, console errors and exception boxes in a tab.

    Args:
        page: the tab.
        harmed: whether the test harms the server or the connection; console errors are normal then.
    """
    page.set_default_timeout(TIMEOUT * 1_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"script error: {error}"))

    def note(message: ConsoleMessage) -> None:
        # At an address below the application's own, Streamlit looks for its server there first.
        if message.type == "error" and "/lab/_stcore/" not in message.location["url"]:
            errors.append(message.text)

    if not harmed:
        page.on("console", note)
    yield page
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert errors == []


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A tab that fails the test on errors."""
    with watched(page):
        yield page


class Playground:
    """The Playground, as its visitors use it."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.server}/?{query}")
        expect(self.canvas).to_be_visible()
        # The canvas draws once its script has set it up.
        expect(self.invitation.or_(self.answer).first).to_be_visible()

    @property
    def canvas(self) -> Locator:
        return self.keyed("canvas").locator("canvas").last

    @property
    def prediction(self) -> Locator:
        return self.keyed("prediction")

    @property
    def answer(self) -> Locator:
        return self.prediction.get_by_test_id("live-digit")

    @property
    def invitation(self) -> Locator:
        return self.prediction.get_by_text("Draw a digit, 0 to 9.")

    @property
    def training(self) -> Locator:
        return self.keyed("training")

    def expect_drawing_sent(self) -> None:
        """Wait until the server has the drawing; the panel answers earlier."""
        expect(self.keyed("undo").get_by_role("button")).to_be_enabled()

    def keyed(self, key: str) -> Locator:
        """Return the element with a key."""
        return self.page.locator(f".st-key-{key}")

    def click(self, key: str) -> None:
        self.keyed(key).get_by_role("button").click()

    def choose_input(self, name: str) -> None:
        self.keyed("input_source").get_by_text(name, exact=True).click()

    def choose_model(self, name: str) -> None:
        self._choose_option("model_choice", name)

    def compare_with(self, name: str) -> None:
        self._choose_option("comparison_choice", name)

    def _choose_option(self, key: str, name: str) -> None:
        box = self.keyed(key).get_by_role("combobox")
        # Scrolling closes an open list, so let it end before.
        box.scroll_into_view_if_needed()
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        box.click()
        self.page.get_by_role("option", name=name, exact=True).click()

    def expect_epochs(self, count: int) -> None:
        """Wait for the chart of a run's first `count` epochs, 1 to 9, or of more, up to 49: updates can be missed."""
        # The alternative text of a chart is on its toolbar's buttons. The chart of another model can have more epochs.
        name = re.compile(rf"Show data: Losses of (?:[{count}-9]|[1-4]\d) epoch")
        expect(self.training.get_by_role("button", name=name)).to_be_attached()

    def points(self, stroke: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
        self.keyed("canvas").scroll_into_view_if_needed()
        box = self.keyed("canvas").bounding_box()
        assert box is not None
        return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]

    def draw(self, *strokes: tuple[tuple[float, float], ...], steps: int = 10) -> None:
        for stroke in strokes:
            first, *rest = self.points(stroke)
            self.page.mouse.move(*first)
            self.page.mouse.down()
            for point in rest:
                self.page.mouse.move(*point, steps=steps)
                # Within one frame Chromium reports only the last of several moves.
                self.page.evaluate("() => new Promise(requestAnimationFrame)")
            self.page.mouse.up()
        # The canvas reports a stroke after 200 ms. This timer ends later, so that what a test does next is sent later.
        self.page.evaluate("() => new Promise(resolve => setTimeout(resolve, 250))")

    def expect_input(self, expected: Pixels, tolerance: float) -> None:
        """Wait until the network's input differs from `expected` by at most `tolerance` levels of 256, on average."""
        canvas = self.keyed("network_input").locator("canvas")
        end = monotonic() + TIMEOUT
        while True:
            data = canvas.evaluate("canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data)")
            seen = np.array(data, float).reshape(28, 28, 4)[..., 0]
            difference = float(np.abs(seen - expected).mean())
            if difference <= tolerance:
                return
            assert monotonic() < end, f"the input differs by {difference:.1f}"
            sleep(0.1)

    def image(self) -> Pixels:
        """Return the image on the canvas, (H, W, 4) uint8."""
        height, width, data = self.canvas.evaluate(
            """canvas => {
                const other = canvas.parentElement.querySelector('canvas');
                const {data} = other.getContext('2d').getImageData(0, 0, other.width, other.height);
                return [other.height, other.width, Array.from(data)];
            }"""
        )
        return np.array(data, np.uint8).reshape(height, width, 4)

    def ink(self) -> int:
        """Count the bright pixels on the canvas."""
        return int((self.image()[..., 0] > 128).sum())


@pytest.fixture
def playground(page: Page, server: str) -> Playground:
    """The Playground, not opened yet."""
    return Playground(page, server)


@pytest.fixture
def other_person(browser: Browser, server: str) -> Iterator[Playground]:
    """The page in another visitor's browser."""
    with browser.new_context() as context, watched(context.new_page()) as page:
        yield Playground(page, server)
