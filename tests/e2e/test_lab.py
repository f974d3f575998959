import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

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
        expect(self.questions.last).to_be_visible()
        self.settle()

    def open(self, experiment: str, controls: str = "", *, skip: bool = True) -> None:
        """Open an experiment by its address, and skip its question."""
        self.page.goto(f"{self.playground.server}/lab?experiment={experiment}&{controls}")
        expect(self.part("prediction")).to_be_visible()
        if skip:
            self.playground.click("skip_prediction")
            expect(self.part("verdict")).to_be_visible()
        self.settle()

    def settle(self) -> None:
        """Wait until the page has nothing left to do."""
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()

    @property
    def questions(self) -> Locator:
        return self.page.locator("[class*=st-key-question_]").get_by_role("link")

    @property
    def title(self) -> Locator:
        return self.page.get_by_role("heading", level=2)

    def part(self, name: str) -> Locator:
        """Return a part of the experiment: question, prediction, measured, try or verdict."""
        return self.playground.keyed(f"lab_part_{name}")

    def predict(self) -> None:
        """Predict anything."""
        expect(self.playground.keyed("skip_prediction")).to_be_visible()
        self.settle()
        slider = self.part("prediction").get_by_role("slider")
        control = self.part("prediction").get_by_role("radio").or_(slider).first
        expect(control).to_be_attached()
        control.press("ArrowRight" if slider.count() else "Space")
        keep = self.playground.keyed("predict").get_by_role("button")
        expect(keep).to_be_enabled()
        keep.click()

    def press(self, key: str, keyboard_key: str) -> None:
        """Press a key of the keyboard on a slider."""
        slider = self.playground.keyed(key).get_by_role("slider")
        slider.focus()
        slider.press(keyboard_key)

    def tab_to(self, target: Locator) -> None:
        """Press the tab key until an element has the focus."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError("the element cannot be reached with the keyboard")


@pytest.fixture
def lab(playground: Playground) -> Lab:
    return Lab(playground)


# Fifteen screens, on a machine that may be busy.
@pytest.mark.timeout(1_200)
def test_every_experiment_leads_through_its_five_parts(lab: Lab) -> None:
    lab.playground.open()
    lab.enter()
    count = lab.questions.count()
    lab.questions.first.click()
    for number in range(1, count + 1):
        expect(lab.page.get_by_text(f"Experiment {number} of {count}")).to_be_visible()
        expect(lab.part("question")).to_contain_text("?")
        expect(lab.part("verdict")).to_have_count(0)
        lab.predict()
        expect(lab.part("prediction")).to_contain_text("You predicted")
        missing = lab.part("measured").get_by_text("These measurements are missing")
        expect(lab.part("measured").locator(".stVegaLiteChart svg").or_(missing).first).to_be_visible()
        expect(lab.part("try")).to_be_visible()
        expect(lab.part("verdict")).to_contain_text(re.compile("Holds|Not here|Not measured"))
        lab.playground.keyed("lab_steps").get_by_role("link").last.click()
    expect(lab.page.get_by_text(f"{count} of {count} experiments answered")).to_be_visible()


def test_experiment_can_be_done_with_the_keyboard_alone(lab: Lab) -> None:
    lab.open("co-adaptation", skip=False)
    lab.tab_to(lab.part("prediction").get_by_role("slider"))
    lab.page.keyboard.press("ArrowRight")
    expect(lab.part("prediction")).to_contain_text("51%")
    lab.tab_to(lab.playground.keyed("predict").get_by_role("button"))
    lab.page.keyboard.press("Enter")
    expect(lab.part("measured").locator(".stVegaLiteChart svg").first).to_be_visible()
    lab.tab_to(lab.playground.keyed("co-adaptation_removed").get_by_role("slider"))
    lab.page.keyboard.press("ArrowRight")
    expect(lab.part("measured")).to_contain_text("With 55% of the units removed")
    lab.tab_to(lab.playground.keyed("lab_steps").get_by_role("link").last)
    lab.page.keyboard.press("Enter")
    expect(lab.part("verdict")).to_have_count(0)


def curve_points(lab: Lab) -> list[tuple[float, float]]:
    """Return a rising line over the plot that curves are drawn on, in pixels."""
    plot = lab.part("prediction").locator(".curve-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    return [(box["x"] + step / 20 * box["width"], box["y"] + (1 - step / 20) * box["height"]) for step in range(1, 20)]


def expect_rising_curve(lab: Lab) -> None:
    """Check that the points follow `curve_points`, and that the measured chart has them once they are kept."""
    points = lab.part("prediction").get_by_role("slider")
    levels = [int(point.get_attribute("aria-valuenow") or "") for point in points.all()]
    highest = int(points.first.get_attribute("aria-valuemax") or "")
    wanted = [highest * (index + 0.5) / len(levels) for index in range(len(levels))]
    assert max(abs(level - goal) for level, goal in zip(levels, wanted, strict=True)) < highest / 50
    lab.playground.click("predict")
    drawn = re.compile(r"Your prediction: 1\.\d% at 0\.0, .* at 0\.1, .*[78]\d% at 0\.9")
    expect(lab.part("measured").get_by_role("button", name=drawn).first).to_be_attached()
    expect(lab.part("measured").locator("svg").get_by_text("your prediction")).to_be_visible()
    expect(lab.part("measured")).to_contain_text("Your curve is furthest off at 0.7")


def test_curve_is_drawn_with_the_mouse(lab: Lab) -> None:
    lab.open("rate", skip=False)
    first, *rest = curve_points(lab)
    lab.page.mouse.move(*first)
    lab.page.mouse.down()
    for point in rest:
        lab.page.mouse.move(*point)
    lab.page.mouse.up()
    expect_rising_curve(lab)


def test_curve_is_drawn_with_a_finger(browser: Browser, server: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 812}, has_touch=True, is_mobile=True)
    with context, watched(context.new_page()) as page:
        lab = Lab(Playground(page, server))
        lab.open("rate", skip=False)
        finger = context.new_cdp_session(page)
        points = [[{"x": x, "y": y}] for x, y in curve_points(lab)]
        top = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[0]})
        for point in points[1:]:
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": point})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == top
        expect_rising_curve(lab)


def test_curve_is_drawn_with_the_keyboard(lab: Lab) -> None:
    lab.open("rate", skip=False)
    points = lab.part("prediction").get_by_role("slider")
    expect(points).to_have_count(10)
    lab.tab_to(points.first)
    lab.page.keyboard.press("Home")
    expect(points.first).to_have_attribute("aria-valuetext", "1%")
    lab.page.keyboard.press("Tab")
    expect(points.nth(1)).to_be_focused()
    lab.page.keyboard.press("End")
    lab.page.keyboard.press("ArrowDown")
    expect(points.nth(1)).to_have_attribute("aria-valuetext", "93%")
    lab.tab_to(lab.playground.keyed("predict").get_by_role("button"))
    lab.page.keyboard.press("Enter")
    expect(lab.part("prediction")).to_contain_text("You predicted 1% at 0.0, 93% at 0.1, 10% at 0.2")
    drawn = re.compile("Your prediction: 1% at 0.0, 93% at 0.1, 10% at 0.2")
    expect(lab.part("measured").get_by_role("button", name=drawn).first).to_be_attached()
    # Another prediction begins with a flat line.
    lab.playground.click("predict_again")
    expect(points.first).to_have_attribute("aria-valuetext", "10%")
    expect(lab.playground.keyed("predict").get_by_role("button")).to_be_disabled()


def test_address_is_the_setting(lab: Lab) -> None:
    lab.open("co-adaptation", "removed=75&order=random")
    expect(lab.part("measured")).to_contain_text("With 75% of the units removed, at random")
    lab.press("co-adaptation_removed", "ArrowRight")
    expect(lab.page).to_have_url(re.compile("removed=80"))
    lab.page.reload()
    lab.playground.click("skip_prediction")
    expect(lab.part("measured")).to_contain_text("With 80% of the units removed, at random")
    # Another experiment begins without these controls.
    lab.playground.keyed("lab_steps").get_by_role("link").last.click()
    expect(lab.page).not_to_have_url(re.compile("removed="))


def test_experiment_is_alone_in_a_frame(lab: Lab) -> None:
    lab.open("rate", "embed=true")
    expect(lab.part("verdict")).to_be_visible()
    expect(lab.playground.keyed("header")).to_have_count(0)
    expect(lab.playground.keyed("lab_place")).to_have_count(0)
    expect(lab.playground.keyed("lab_steps")).to_have_count(0)


def test_drawing_survives_a_visit_to_the_lab(lab: Lab) -> None:
    playground = lab.playground
    playground.open()
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    playground.expect_drawing_sent()
    ink = playground.ink()
    lab.enter()
    lab.page.get_by_role("link", name=re.compile("Thinned networks:")).click()
    playground.click("skip_prediction")
    expect(playground.keyed("thinned_text")).to_contain_text("The full network answers 7")
    # The thinned networks are on the Playground, too.
    lab.page.get_by_role("link", name="See thinned networks").click()
    expect(playground.answer).to_have_text("7")
    # The lab is as it was left.
    lab.go("Dropout lab")
    expect(playground.keyed("thinned_text")).to_contain_text("The full network answers 7")
    lab.go("Playground")
    expect(playground.answer).to_have_text("7")
    assert playground.ink() == ink


def test_digit_can_be_drawn_in_the_lab(lab: Lab) -> None:
    lab.open("averaging", "digit=drawing")
    expect(lab.part("try")).to_contain_text("Draw a digit, 0 to 9.")
    # The chart above moves the canvas.
    expect(lab.part("measured").locator(".stVegaLiteChart svg").first).to_be_visible()
    lab.playground.draw(SEVEN)
    expect(lab.playground.keyed("averaged_answer")).to_contain_text(re.compile(r"the full network \d"))


def test_settings_and_model_survive_a_visit_to_the_lab(lab: Lab) -> None:
    lab.playground.open("drop_prob=0.6&epochs=7")
    expect(lab.playground.keyed("drop_prob")).to_contain_text("0.60")
    lab.playground.choose_model("dropout 0.5")
    lab.enter()
    lab.go("Playground")
    expect(lab.playground.keyed("model")).to_contain_text("dropout 0.5 · MNIST")
    expect(lab.playground.keyed("drop_prob")).to_contain_text("0.60")
    expect(lab.playground.keyed("epochs").get_by_role("textbox")).to_have_value("7")


def test_sliders_change_texts(lab: Lab) -> None:
    lab.open("averaging", "digit=test")
    lab.press("averaging_averaged", "ArrowRight")
    expect(lab.page.get_by_text("The average of 11 networks")).to_be_visible()


def test_data_of_a_chart_can_be_downloaded(lab: Lab) -> None:
    lab.open("rate")
    with lab.page.expect_download() as download:
        lab.playground.click("rate_data")
    assert download.value.suggested_filename == "rate.csv"
    assert download.value.path().read_text().startswith("drop_prob,mean,standard_error,runs,margin,low,high,series")


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
    lab.open("little-data")
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 375
