import re

from playwright.sync_api import expect

from ..conftest import accuracy_of
from .conftest import Playground


def test_accuracy_random_test_image_and_mistakes_are_shown(playground: Playground, mnist_folder: object) -> None:
    playground.open()
    accuracy = playground.keyed("test_accuracy")
    expect(accuracy).to_contain_text(accuracy_of("augmented"))
    expect(accuracy).to_contain_text(re.compile(r"9,\d\d\d of 10,000"))
    sample = playground.keyed("random_sample")
    expect(sample.locator("img")).to_be_visible()
    expect(sample).to_contain_text("Label:")
    expect(sample).to_contain_text("Prediction:")
    before = sample.inner_text()
    sample.get_by_role("button", name="Another").click()
    expect(sample).not_to_have_text(before)
    expect(playground.page.locator(".st-key-mistakes img")).to_have_count(12)


def test_another_model_can_be_chosen(playground: Playground) -> None:
    playground.open()
    playground.choose_model("plain-p0.50")
    expect(playground.keyed("model")).to_contain_text("drop_prob 0.5")
    expect(playground.keyed("test_accuracy")).to_contain_text(accuracy_of("plain-p0.50"))


def test_theme_follows_the_color_scheme_of_the_browser(playground: Playground) -> None:
    playground.page.emulate_media(color_scheme="dark")
    playground.open()
    background = playground.page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert background == "rgb(16, 21, 29)"
