import re

from playwright.sync_api import expect

from dropout_mnist.checkpoints.folder import load
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.evaluation import Doubt, predict_batch

from ..conftest import SHIPPED_WEIGHTS, accuracy_of
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
    expect(playground.keyed("images").locator("img")).to_have_count(12)


def test_mistake_is_opened_from_the_confusion_matrix_and_answered_by_both_models(
    playground: Playground, mnist_folder: object
) -> None:
    test = load_dataset("mnist").test
    models = [load(SHIPPED_WEIGHTS / f"{name}.safetensors") for name in ("augmented", "plain-p0.50")]
    evaluation = models[0].evaluate(test)
    [(label, prediction, _)] = evaluation.top_confusions(1)
    first, *others = evaluation.find(label, prediction)
    playground.open()
    playground.compare_with("dropout 0.5")
    playground.keyed("confusion").locator(f"text[aria-label^='prediction: {prediction}; label: {label};']").click()
    images = playground.keyed("images").get_by_role("button")
    expect(images).to_have_count(1 + len(others))
    # By keyboard.
    images.first.press("Enter")
    expect(playground.keyed("input_source")).to_be_in_viewport()
    expect(playground.keyed("input_source")).to_be_focused()
    expect(playground.keyed("test_image").get_by_role("spinbutton")).to_have_value(str(first))
    expect(playground.page.get_by_text(f"Test image {first:,} of MNIST. Its label is {label}.")).to_be_visible()
    answers = [predict_batch(model.model, test.pixels[first : first + 1])[0] for model in models]
    expect(playground.prediction.locator(".live-digit")).to_have_text(
        ["?" if answer.doubt is Doubt.NOT_A_DIGIT else str(answer.digit) for answer in answers]
    )
    expect(playground.prediction).to_contain_text("augmented · dropout 0.1")
    expect(playground.prediction).to_contain_text("dropout 0.5")
    playground.expect_input(test.pixels[first].reshape(28, 28).numpy(), 0)
    # On to the next misread image, and by mouse from the random sample.
    playground.keyed("only_misread").locator("label").click()
    playground.keyed("test_image").get_by_role("button").last.click()
    following = next(number for number in sorted(evaluation.mistakes) if number > first)
    expect(playground.page.get_by_text(f"Test image {following:,} of MNIST.")).to_be_visible()
    playground.click("open_sample")
    expect(playground.keyed("only_misread").get_by_role("switch")).not_to_be_checked()


def test_another_model_can_be_chosen(playground: Playground) -> None:
    playground.open()
    playground.choose_model("dropout 0.5")
    expect(playground.keyed("model")).to_contain_text("dropout 0.5 · MNIST")
    expect(playground.keyed("test_accuracy")).to_contain_text(accuracy_of("plain-p0.50"))


def test_theme_follows_the_color_scheme_of_the_browser(playground: Playground) -> None:
    playground.page.emulate_media(color_scheme="dark")
    playground.open()
    background = playground.page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert background == "rgb(16, 21, 29)"
