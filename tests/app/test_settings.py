"""The training settings and the URL."""

import pytest

from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.ui.playground import settings
from dropout_mnist.ui.playground.presets import PRESETS

from ..conftest import accuracy_of
from .page import OpenPage, checked, metric, texts

pytestmark = pytest.mark.slow


def test_recipe_sets_its_own_defaults(open_page: OpenPage) -> None:
    augmented = TrainConfig.augmented()
    page = open_page()
    checked(page.segmented_control(key="recipe").set_value("augmented").run())
    assert page.text_input(key="epochs").value == str(augmented.epochs)
    assert page.slider(key="drop_prob").value == augmented.drop_prob
    assert "This network answers your drawings." in texts(page)
    checked(page.segmented_control(key="recipe").set_value("plain").run())
    assert page.text_input(key="epochs").value == str(TrainConfig().epochs)


@pytest.mark.parametrize("name", PRESETS)
def test_ready_experiment_sets_everything(open_page: OpenPage, name: str) -> None:
    config = PRESETS[name].config
    page = open_page(recipe="augmented", dataset="digits", hidden_sizes="32")
    checked(page.pills(key="preset").set_value(name).run())
    assert PRESETS[name].question() in texts(page)
    assert page.slider(key="drop_prob").value == config.drop_prob
    assert page.segmented_control(key="recipe").value == config.recipe
    for setting in ("epochs", "train_size", "repeats", "label_noise", "hidden_sizes"):
        assert page.text_input(key=setting).value == SETTINGS[setting].format(getattr(config, setting))
    assert "too few to tell" not in texts(page)
    # It stays marked with other dropout.
    checked(page.slider(key="drop_prob").set_value(0.2).run())
    assert PRESETS[name].question() in texts(page)
    checked(page.text_input(key="epochs").set_value("3").run())
    assert PRESETS[name].question() not in texts(page)


def test_url_sets_the_recipe_with_its_defaults(open_page: OpenPage) -> None:
    page = open_page(recipe="augmented", seed="7")
    assert page.text_input(key="batch_size").value == str(TrainConfig.augmented().batch_size)
    assert page.text_input(key="seed").value == "7"


def test_url_sets_the_widgets(open_page: OpenPage) -> None:
    page = open_page(drop_prob="0.5", epochs="5", dataset="digits", train_size="200", seed="3")
    assert page.slider(key="drop_prob").value == 0.5
    assert page.text_input(key="epochs").value == "5"
    assert page.selectbox(key="dataset").value == "digits"
    assert page.text_input(key="train_size").value == "200"
    assert page.text_input(key="seed").value == "3"
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
    assert page.text_input(key="epochs").value == "15"
    assert page.text_input(key="seed").value == "1"
    assert metric(page, "Test accuracy") == accuracy_of("augmented")


@pytest.mark.parametrize(("name", "text", "value"), [("learning_rate", "0,005", 0.005), ("learning_rate", " .5", 0.5)])
def test_decimal_comma_is_read_as_a_decimal_point(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: float
) -> None:
    configs: list[TrainConfig | None] = []
    show = settings.show
    monkeypatch.setattr("dropout_mnist.ui.playground.settings.show", lambda: configs.append(show()) or configs[-1])
    page = open_page()
    checked(page.text_input(key=name).set_value(text).run())
    config = configs[-1]
    assert config is not None
    assert getattr(config, name) == value
    assert not page.error


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("learning_rate", "1,000"),
        ("epochs", "2,5"),
        ("epochs", "2.5"),
        ("train_size", "2.500"),
        ("batch_size", "1 000"),
    ],
)
def test_ambiguous_number_is_refused(open_page: OpenPage, name: str, text: str) -> None:
    page = open_page()
    checked(page.text_input(key=name).set_value(text).run())
    assert f"{name} must be" in texts(page)
    assert f"not '{text}'" in texts(page)
    assert "train" not in {button.key for button in page.button}


def test_empty_field_stands_for_the_default(open_page: OpenPage) -> None:
    page = open_page()
    for name in ("epochs", "train_size", "hidden_sizes"):
        page.text_input(key=name).set_value("")
    checked(page.run())
    assert not page.error
    assert "train" in {button.key for button in page.button}


def test_valid_url_parameters_have_no_complaints() -> None:
    assert settings.find_invalid({"drop_prob": "0.25", "epochs": "3", "dataset": "mnist", "batch_size": "64"}) == {}


def test_parameters_of_streamlit_have_no_complaints(open_page: OpenPage) -> None:
    page = open_page(embed="true", embed_options="light_theme", epochs="3")
    assert "Ignored" not in texts(page)
    assert page.text_input(key="epochs").value == "3"


def test_settings_that_exclude_each_other_are_explained(open_page: OpenPage) -> None:
    page = open_page(train_size="50")
    assert "train_size (50) must be at least batch_size (100)" in texts(page)
    assert "train" not in {button.key for button in page.button}
