import re

from playwright.sync_api import expect

from .conftest import ONE, SEVEN, Playground

# Small batches make an epoch of the bundled digits long enough to watch.
WATCHABLE = "dataset=digits&batch_size=8&learning_rate=0.0001"


def test_drawing_is_answered_and_the_chart_grows_during_a_run(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50")
    playground.click("train")
    expect(playground.training).to_contain_text("images/s")
    playground.draw(ONE)
    expect(playground.answer).to_have_text("1")
    expect(playground.training).to_contain_text("images/s")
    playground.expect_epochs(1)
    playground.expect_epochs(3)
    assert playground.ink() > 0
    playground.click("stop")
    expect(playground.training).to_contain_text("was stopped after")
    expect(playground.answer).to_be_visible()


def test_student_finds_out_whether_dropout_helps(playground: Playground) -> None:
    playground.open("dataset=digits&epochs=3")
    # A ready experiment sets everything; then smaller settings, so that it is quick.
    playground.keyed("preset").get_by_text("Overfit it").click()
    expect(playground.keyed("drop_prob").get_by_role("slider")).to_have_value("0.5")
    expect(playground.keyed("experiment")).to_contain_text("Does dropout narrow the gap?")
    expect(playground.page).to_have_url(re.compile(r"train_size=100\b"))
    playground.open("dataset=digits&train_size=100&repeats=10&batch_size=50&drop_prob=0.5&epochs=4")
    expect(playground.keyed("experiment")).to_contain_text("These are only 80 training steps")
    playground.keyed("expectation").get_by_text("hurts").click()
    expect(playground.keyed("train_both")).to_contain_text(re.compile(r"Train both, about \d+ (?:s|min)"))
    playground.click("train_both")
    verdict = playground.keyed("verdict")
    expect(verdict).to_contain_text(re.compile(r"Test accuracy .+% without, .+% with dropout: .+, one seed"))
    expect(verdict).to_contain_text("You expected: dropout hurts. Measured:")
    # The charts hold both runs, to the same epoch.
    for chart in ("Losses", "Accuracies"):
        alternative = re.compile(rf"Show data: {chart} of 4 epochs\. no dropout: .+; dropout 0\.5: ")
        expect(playground.training.get_by_role("button", name=alternative)).to_be_attached()
    playground.click("repeat")
    expect(verdict).to_contain_text("mean of 2 seeds")
    expect(playground.keyed("model")).to_contain_text("augmented")
    playground.click("use_dropout")
    expect(playground.keyed("model")).to_contain_text("4 epochs")
    expect(playground.keyed("offer_dropout")).to_contain_text("This network answers your drawings.")
    # Another value leaves the run as a gray line, and the way back shows the results at once.
    slider = playground.keyed("drop_prob").get_by_role("slider")
    slider.press("ArrowLeft")
    expect(playground.keyed("offer_dropout")).to_have_count(0)
    slider.press("ArrowRight")
    expect(verdict).to_contain_text("mean of 2 seeds")


def test_stop_keeps_the_finished_epochs(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=2")
    playground.click("train")
    playground.expect_epochs(1)
    playground.click("stop")
    expect(playground.training).to_contain_text(
        re.compile(r"was stopped after \d+ of 50 epochs\. The finished epochs are kept\.")
    )
    playground.click("use_dropout")
    expect(playground.keyed("model")).to_contain_text("scikit-learn's bundled digits")


def test_run_continues_through_a_reload(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=3")
    playground.click("train")
    expect(playground.training).to_contain_text("images/s")
    playground.page.reload()
    expect(playground.training).to_contain_text(re.compile(r"Epoch \d+ of 50"))
    playground.expect_epochs(1)
    playground.expect_epochs(2)
    playground.click("stop")
    expect(playground.training).to_contain_text("was stopped after")
    expect(playground.keyed("use_dropout")).to_be_visible()


def test_url_sets_the_widgets_and_unknown_parameters_are_reported(playground: Playground) -> None:
    playground.open("drop_prob=0.5&epochs=5&color=blue")
    expect(playground.keyed("drop_prob").get_by_role("slider")).to_have_value("0.5")
    expect(playground.page.get_by_label("Epochs", exact=True)).to_have_value("5")
    expect(playground.page.get_by_text("color=blue (there is no such setting)")).to_be_visible()


def test_run_is_watched_batch_by_batch_and_gone_through_afterwards(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=4&seed=4")
    playground.draw(SEVEN)
    expect(playground.answer).to_have_text("7")
    playground.click("train")
    expect(
        playground.keyed("batch_losses").get_by_role("button", name="Show data: Loss of the batches:")
    ).to_be_attached()
    expect(playground.keyed("watched_digit")).to_contain_text(re.compile(r"Your digit after [\d,]+ steps: \d, "))
    replay = playground.keyed("replay")
    replay.get_by_text("go back through the run").click()
    slider = replay.get_by_role("slider", name="Moment of the run")
    said = replay.get_by_role("status")
    expect(said).to_have_text(re.compile(r"After ([\d,]+) of \1 steps, in epoch 4: \d, .+%"))
    expect(replay.locator("canvas")).to_have_count(16)
    at_the_end = replay.get_by_role("img").first.get_attribute("aria-label")
    slider.press("Home")
    expect(said).to_have_text(re.compile(r"Before the first step: \d, .+%"))
    expect(replay.get_by_role("img").first).not_to_have_attribute("aria-label", at_the_end or "")
    slider.press("ArrowRight")
    expect(said).to_contain_text("After 1 of")
    # Another drawing is answered by the same networks.
    before = replay.get_by_role("img").first.get_attribute("aria-label")
    playground.click("clear")
    expect(replay).to_contain_text("Draw a digit above")
    playground.draw(ONE)
    expect(replay.get_by_role("img").first).not_to_have_attribute("aria-label", before or "")
    expect(said).to_contain_text("After 1 of")
