import re

from playwright.sync_api import expect

from .conftest import ONE, Playground

# So few images a step make an epoch of the small set long enough to watch.
WATCHABLE = "dataset=digits&batch_size=3&learning_rate=0.0001"


def test_chart_grows_and_a_digit_is_answered_while_two_epochs_are_trained(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=2")
    playground.click("train")
    expect(playground.training).to_contain_text("images/s")
    playground.draw(ONE)
    expect(playground.answer).to_have_text("1")
    expect(playground.training).to_contain_text("images/s")
    playground.expect_epochs(1)
    expect(playground.training).to_contain_text("is trained: test accuracy")
    playground.expect_epochs(2)
    expect(playground.keyed("model")).to_contain_text("2 epochs")
    expect(playground.answer).to_be_visible()
    assert playground.ink() > 0


def test_stop_answers_and_keeps_the_finished_epochs(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=2")
    playground.click("train")
    playground.expect_epochs(1)
    playground.click("stop")
    expect(playground.training).to_contain_text(
        re.compile(r"was stopped after \d+ of 50 epochs\. What was finished is kept\.")
    )
    expect(playground.keyed("model")).to_contain_text("scikit-learn's bundled digits")


def test_training_goes_on_through_a_reload_and_is_drawn_live_again(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=3")
    playground.click("train")
    expect(playground.training).to_contain_text("images/s")
    playground.page.reload()
    expect(playground.training).to_contain_text(re.compile(r"Epoch \d+ of 50"))
    playground.expect_epochs(1)
    playground.expect_epochs(2)
    playground.click("stop")
    expect(playground.training).to_contain_text("was stopped after")
    expect(playground.keyed("model")).to_contain_text("scikit-learn's bundled digits")


def test_settings_travel_in_the_url(playground: Playground) -> None:
    playground.open("drop_prob=0.5&epochs=5&colour=blue")
    expect(playground.keyed("drop_prob").get_by_role("slider")).to_have_value("0.5")
    expect(playground.page.get_by_label("Epochs", exact=True)).to_have_value("5")
    expect(playground.page.get_by_text("colour=blue (there is no such setting)")).to_be_visible()
