import json
import re

import pytest

from dropout_mnist.config import TrainConfig


def test_defaults_are_the_notebooks() -> None:
    config = TrainConfig()
    assert (config.seed, config.learning_rate, config.epochs, config.batch_size) == (1, 0.001, 15, 100)
    assert (config.drop_prob, config.hidden_sizes) == (0.3, (512, 512, 512, 512))
    assert (config.train_size, config.dataset, config.device) == (None, "mnist", "auto")


@pytest.mark.parametrize(
    ("values", "expected_error"),
    [
        ({"drop_prob": 1.0}, "drop_prob must be at least 0 and below 1, not 1.0"),
        ({"drop_prob": -0.1}, "drop_prob must be at least 0"),
        ({"drop_prob": float("nan")}, "drop_prob must be a finite number"),
        ({"drop_prob": "0.3"}, "drop_prob must be a finite number"),
        ({"epochs": 0}, "epochs must be between 1 and 1,000, not 0"),
        ({"epochs": 2.5}, "epochs must be a whole number, not 2.5"),
        ({"epochs": True}, "epochs must be a whole number, not True"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"learning_rate": float("inf")}, "learning_rate must be a finite number"),
        ({"learning_rate": 11.0}, "at most 10, not 11.0"),
        ({"batch_size": 0}, "batch_size must be between"),
        ({"seed": -1}, "seed must be between"),
        ({"train_size": 0}, "train_size must be between"),
        ({"repeats": 0}, "repeats must be between"),
        ({"train_size": 50}, "train_size (50) must be at least batch_size (100)"),
        ({"dataset": "cifar"}, "dataset must be one of mnist, digits, not 'cifar'"),
        ({"device": "tpu"}, "device must be one of auto, cpu, cuda, mps"),
        ({"recipe": "magic"}, "recipe must be one of plain, augmented, not 'magic'"),
        ({"precision": "fp8"}, "precision must be one of auto, fp32, bf16, not 'fp8'"),
        ({"hidden_sizes": ()}, "hidden_sizes must be a tuple of 1 to 16 sizes"),
        ({"hidden_sizes": (512, 0)}, "each of hidden_sizes must be between"),
        ({"hidden_sizes": "512"}, "hidden_sizes must be a tuple"),
    ],
)
def test_bad_value_is_refused_with_its_name(values: dict[str, object], expected_error: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected_error)):
        TrainConfig(**values)  # type: ignore[arg-type]


def test_config_survives_json() -> None:
    config = TrainConfig(drop_prob=0.5, train_size=1000, hidden_sizes=(64, 32))
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


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
        ({"hidden_sizes": (64,), "batch_size": 50, "learning_rate": 0.01}, "plain-p0.30-h64-b50-lr0.01"),
    ],
)
def test_name_tells_what_is_not_the_default(values: dict[str, object], name: str) -> None:
    assert TrainConfig(**values).name == name  # type: ignore[arg-type]


def test_recipe_has_settings_of_its_own() -> None:
    augmented = TrainConfig.of_recipe("augmented")
    assert TrainConfig.of_recipe("plain") == TrainConfig()
    assert augmented.differences() == {}
    assert augmented.epochs > TrainConfig().epochs
    assert TrainConfig.of_recipe("augmented", seed=3).seed == 3
    with pytest.raises(ValueError, match="recipe must be one of"):
        TrainConfig.of_recipe("magic")


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (TrainConfig.of_recipe("augmented"), "augmented"),
        (TrainConfig.of_recipe("augmented", drop_prob=0.3, epochs=5), "augmented-p0.30-e5"),
        (TrainConfig.of_recipe("augmented", precision="fp32", device="cpu"), "augmented"),
        (TrainConfig(precision="fp32"), "plain-p0.30"),
    ],
)
def test_name_tells_the_recipe_and_what_differs_from_it(config: TrainConfig, name: str) -> None:
    assert config.name == name
