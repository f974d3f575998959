import inspect
import json
import re
from typing import Any

import numpy as np
import pytest

from dropout_mnist.config import RECIPES, SETTINGS, TrainConfig
from dropout_mnist.model import MLP


def test_defaults_are_the_notebooks() -> None:
    config = TrainConfig()
    assert (config.seed, config.learning_rate, config.epochs, config.batch_size) == (1, 0.001, 15, 100)
    assert (config.drop_prob, config.hidden_sizes) == (0.3, (512, 512, 512, 512))
    assert (config.train_size, config.dataset, config.device) == (None, "mnist", "auto")


@pytest.mark.parametrize(
    ("values", "expected_error"),
    [
        ({"drop_prob": 1.0}, "drop_prob must be a number from 0 to 0.9, not 1.0"),
        ({"drop_prob": -0.1}, "drop_prob must be a number from 0 to 0.9, not -0.1"),
        ({"drop_prob": float("nan")}, "drop_prob must be a number from 0 to 0.9, not nan"),
        ({"drop_prob": "0.3"}, "drop_prob must be a number from 0 to 0.9, not '0.3'"),
        ({"drop_prob": None}, "drop_prob must be a number from 0 to 0.9, not None"),
        ({"epochs": 0}, "epochs must be a whole number from 1 to 1,000, not 0"),
        ({"epochs": 2.5}, "epochs must be a whole number from 1 to 1,000, not 2.5"),
        ({"epochs": True}, "epochs must be a whole number from 1 to 1,000, not True"),
        ({"learning_rate": 0.0}, "learning_rate must be a number from 1e-06 to 10, not 0.0"),
        ({"learning_rate": float("inf")}, "learning_rate must be a number from 1e-06 to 10, not inf"),
        ({"learning_rate": 10**400}, "learning_rate must be a number from 1e-06 to 10, not 1000"),
        ({"batch_size": 0}, "batch_size must be a whole number from 1 to 60,000"),
        ({"seed": -1}, "seed must be a whole number from 0 to 2,147,483,647, not -1"),
        ({"train_size": 0}, "train_size must be a whole number from 1 to 60,000"),
        ({"repeats": 0}, "repeats must be a whole number from 1 to 60,000"),
        ({"train_size": 50}, "train_size (50) must be at least batch_size (100)"),
        ({"dataset": "cifar"}, "dataset must be one of mnist, digits, not 'cifar'"),
        ({"device": "tpu"}, "device must be one of auto, cpu, cuda, mps"),
        ({"recipe": "magic"}, "recipe must be one of plain, augmented, not 'magic'"),
        ({"precision": "fp8"}, "precision must be one of auto, fp32, bf16, not 'fp8'"),
        ({"label_noise": 1.1}, "label_noise must be a number from 0 to 1, not 1.1"),
        ({"weight_decay": -1.0}, "weight_decay must be a number from 0 to 10, not -1.0"),
        ({"dropout_kind": "alpha"}, "dropout_kind must be one of bernoulli, gaussian, not 'alpha'"),
        ({"first_dropout_epoch": 0}, "first_dropout_epoch must be a whole number from 1 to 1,000, not 0"),
        (
            {"first_dropout_epoch": 5, "last_dropout_epoch": 4},
            "last_dropout_epoch (4) must not be before first_dropout_epoch (5)",
        ),
        ({"hidden_sizes": ()}, "hidden_sizes must be 1 to 16 layers of 1 to 8,192 units, such as 512x512, not ()"),
        ({"hidden_sizes": (512, 0)}, "hidden_sizes must be 1 to 16 layers of 1 to 8,192 units"),
        ({"hidden_sizes": (8,) * 17}, "hidden_sizes must be 1 to 16 layers of 1 to 8,192 units"),
        ({"hidden_sizes": "512"}, "hidden_sizes must be 1 to 16 layers of 1 to 8,192 units"),
        ({"hidden_sizes": 512}, "hidden_sizes must be 1 to 16 layers of 1 to 8,192 units"),
    ],
)
def test_bad_value_is_refused_with_its_name(values: dict[str, object], expected_error: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected_error)):
        TrainConfig(**values)  # type: ignore[arg-type]


def test_config_survives_json() -> None:
    config = TrainConfig(drop_prob=0.5, train_size=1000, hidden_sizes=(64, 32))
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("values", [None, [("epochs", 3)], "epochs"])
def test_settings_that_are_not_a_mapping_are_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="settings must be a mapping from names to values, not"):
        TrainConfig.from_dict(values)


def test_signature_says_that_the_recipe_decides() -> None:
    parameters = inspect.signature(TrainConfig).parameters
    assert str(parameters["drop_prob"].default) == "<the recipe's default>"
    assert parameters["recipe"].default == "plain"


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown settings: dropout"):
        TrainConfig.from_dict({"dropout": 0.5})


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "plain-p0.30"),
        ({"drop_prob": 0.0}, "plain-p0.00"),
        ({"drop_prob": 0.125}, "plain-p0.125"),
        ({"device": "cpu"}, "plain-p0.30"),
        ({"train_size": 100, "repeats": 600}, "plain-p0.30-n100-x600"),
        ({"epochs": 5, "seed": 2, "train_size": 1000, "dataset": "digits"}, "plain-p0.30-digits-e5-s2-n1000"),
        ({"label_noise": 0.4, "dropout_kind": "gaussian"}, "plain-p0.30-kgaussian-ln0.4"),
        ({"first_dropout_epoch": 3, "last_dropout_epoch": 5}, "plain-p0.30-from3-until5"),
        ({"hidden_sizes": (64,), "batch_size": 50, "learning_rate": 0.01}, "plain-p0.30-h64-b50-lr0.01"),
    ],
)
def test_name_lists_what_is_not_the_default(values: dict[str, object], name: str) -> None:
    assert TrainConfig(**values).name == name  # type: ignore[arg-type]


def test_recipe_brings_its_own_defaults() -> None:
    augmented = TrainConfig.augmented()
    assert TrainConfig.plain() == TrainConfig()
    assert TrainConfig(recipe="augmented") == augmented
    assert augmented.differences() == {}
    assert augmented.epochs > TrainConfig().epochs
    assert TrainConfig.augmented(seed=3).seed == 3
    assert TrainConfig.augmented(epochs=3).drop_prob == augmented.drop_prob


def test_numpy_scalars_and_lists_are_welcome() -> None:
    config = TrainConfig(
        drop_prob=np.float32(0.3), epochs=np.int64(3), hidden_sizes=[64, np.int32(32)], dataset=np.str_("digits")
    )  # type: ignore[arg-type]
    assert config == TrainConfig(drop_prob=0.3, epochs=3, hidden_sizes=(64, 32), dataset="digits")
    assert config.name == "plain-p0.30-digits-h64x32-e3"
    assert json.loads(json.dumps(config.to_dict()))["drop_prob"] == 0.3
    assert TrainConfig(hidden_sizes=np.array([8, 8])).hidden_sizes == (8, 8)  # type: ignore[arg-type]
    assert TrainConfig(drop_prob=0).drop_prob == 0.0


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_read_again_from_its_text(name: str) -> None:
    setting = SETTINGS[name]
    for recipe in RECIPES:
        value = setting.default_for(recipe)
        assert setting.parse(name, setting.format(value)) == value
    assert setting.label
    assert setting.help.endswith(".")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("hidden_sizes", "512x256", (512, 256)),
        ("hidden_sizes", "512, 256", (512, 256)),
        ("hidden_sizes", "512-256 128", (512, 256, 128)),
        ("train_size", "all", None),
        ("epochs", " 5 ", 5),
        ("learning_rate", "1e-3", 0.001),
        ("learning_rate", "0,005", 0.005),
        ("drop_prob", "0,250", 0.25),
    ],
)
def test_text_of_a_setting_is_read(name: str, text: str, value: object) -> None:
    assert SETTINGS[name].parse(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hidden_sizes", "x"),
        ("hidden_sizes", "512x"),
        ("epochs", "2.5"),
        ("learning_rate", "1,000"),
        ("epochs", "all"),
        ("hidden_sizes", "1,024"),
    ],
)
def test_text_that_is_not_a_value_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be .*, not '{text}'"):
        SETTINGS[name].parse(name, text)


def test_weight_count_is_the_networks() -> None:
    config = TrainConfig(hidden_sizes=(64, 32))
    assert config.weight_count == sum(weights.numel() for weights in MLP(config.hidden_sizes).parameters())


def test_configs_train_alike_whatever_computes_them() -> None:
    assert TrainConfig().trains_like(TrainConfig(device="cpu", precision="fp32"))
    assert not TrainConfig().trains_like(TrainConfig(seed=2))
    assert not TrainConfig().trains_like(TrainConfig.augmented())


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (TrainConfig.augmented(), "augmented"),
        (TrainConfig.augmented(drop_prob=0.3, epochs=5), "augmented-p0.30-e5"),
        (TrainConfig.augmented(precision="fp32", device="cpu"), "augmented"),
        (TrainConfig(precision="fp32"), "plain-p0.30"),
    ],
)
def test_name_begins_with_the_recipe(config: TrainConfig, name: str) -> None:
    assert config.name == name
