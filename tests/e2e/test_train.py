import re

from playwright.sync_api import expect

from .conftest import ONE, Playground

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


def test_finished_run_is_reported_and_its_model_is_used(playground: Playground) -> None:
    playground.open("dataset=digits&epochs=2")
    playground.click("train")
    expect(playground.training).to_contain_text("is trained: test accuracy")
    playground.expect_epochs(2)
    expect(playground.keyed("model")).to_contain_text("2 epochs")


def test_stop_keeps_the_finished_epochs(playground: Playground) -> None:
    playground.open(f"{WATCHABLE}&epochs=50&seed=2")
    playground.click("train")
    playground.expect_epochs(1)
    playground.click("stop")
    expect(playground.training).to_contain_text(
        re.compile(r"was stopped after \d+ of 50 epochs\. The finished epochs are kept\.")
    )
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
    expect(playground.keyed("model")).to_contain_text("scikit-learn's bundled digits")


def test_url_sets_the_widgets_and_unknown_parameters_are_reported(playground: Playground) -> None:
    playground.open("drop_prob=0.5&epochs=5&color=blue")
    expect(playground.keyed("drop_prob").get_by_role("slider")).to_have_value("0.5")
    expect(playground.page.get_by_label("Epochs", exact=True)).to_have_value("5")
    expect(playground.page.get_by_text("color=blue (there is no such setting)")).to_be_visible()
