"""The training settings and the URL."""

import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui.playground import settings

from ..conftest import accuracy_of
from .page import OpenPage, checked, metric, texts


def test_recipe_sets_its_own_defaults(open_page: OpenPage) -> None:
    augmented = TrainConfig.augmented()
    page = open_page()
    checked(page.segmented_control(key="recipe").set_value("augmented").run())
    assert page.number_input(key="epochs").value == augmented.epochs
    assert page.slider(key="drop_prob").value == augmented.drop_prob
    assert "This model was trained with exactly these settings." in texts(page)
    checked(page.segmented_control(key="recipe").set_value("plain").run())
    assert page.number_input(key="epochs").value == TrainConfig().epochs


def test_url_sets_the_recipe_with_its_defaults(open_page: OpenPage) -> None:
    page = open_page(recipe="augmented", seed="7")
    assert page.number_input(key="batch_size").value == TrainConfig.augmented().batch_size
    assert page.number_input(key="seed").value == 7


def test_url_sets_the_widgets(open_page: OpenPage) -> None:
    page = open_page(drop_prob="0.5", epochs="5", dataset="digits", train_size="200", seed="3")
    assert page.slider(key="drop_prob").value == 0.5
    assert page.number_input(key="epochs").value == 5
    assert page.selectbox(key="dataset").value == "digits"
    assert page.number_input(key="train_size").value == 200
    assert page.number_input(key="seed").value == 3
    assert "Ignored" not in texts(page)


@pytest.mark.parametrize(
    ("name", "value", "note"),
    [
        ("drop_prob", "2", "must be a number from 0 to 0.9"),
        ("drop_prob", "nan", "must be a number from 0 to 0.9"),
        ("epochs", "many", "must be a whole number from 1 to 1,000"),
        ("epochs", "2.5", "must be a whole number from 1 to 1,000"),
        ("epochs", "inf", "must be a whole number from 1 to 1,000"),
        ("seed", "1e999", "must be a whole number from 0 to"),
        ("epochs", "99999999999999999999", "must be a whole number from 1 to 1,000"),
        ("dataset", "../../etc", "must be one of mnist, digits"),
        ("recipe", "magic", "must be one of plain, augmented"),
        ("color", "<script>alert(1)</script>", "there is no such setting"),
    ],
)
def test_invalid_url_parameter_is_ignored_with_a_note(open_page: OpenPage, name: str, value: str, note: str) -> None:
    page = open_page(**{name: value})
    [warning] = page.warning
    assert "Ignored in the page's address" in warning.value
    assert note in warning.value
    assert "<script" not in warning.value.replace("\\<", "")
    assert page.slider(key="drop_prob").value == 0.3
    assert page.number_input(key="epochs").value == 15
    assert page.number_input(key="seed").value == 1
    assert metric(page, "Test accuracy") == accuracy_of("augmented")


def test_valid_url_parameters_have_no_complaints() -> None:
    assert settings.find_invalid({"drop_prob": "0.25", "epochs": "3", "dataset": "mnist", "batch_size": "64"}) == {}


def test_settings_that_exclude_each_other_are_explained(open_page: OpenPage) -> None:
    page = open_page(train_size="50")
    assert "train_size (50) must be at least batch_size (100)" in texts(page)
    assert "train" not in {button.key for button in page.button}
