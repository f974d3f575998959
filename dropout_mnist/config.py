"""The hyperparameters of one training, validated and frozen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

DATASETS = ("mnist", "digits")
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16")

# What each recipe sets otherwise than the notebook's, unless told.
_RECIPE_DEFAULTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "augmented": {"drop_prob": 0.1, "epochs": 400, "batch_size": 250},
}
RECIPES = tuple(_RECIPE_DEFAULTS)

# How a training is computed, but not what comes of it.
MEANS = ("device", "precision")

_NAME_LETTERS = {
    "epochs": "e",
    "seed": "s",
    "train_size": "n",
    "repeats": "x",
    "batch_size": "b",
    "learning_rate": "lr",
}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that decides the outcome of a training. The defaults are the reference notebook's.

    Attributes:
        recipe: "plain", the notebook's; or "augmented", which varies the training images, shows the network things that
            are no digits (`dropout_mnist.augmentation.recipes`), lets the learning rate fall and averages the weights.
        drop_prob: probability that a hidden unit is *dropped* in a training step, in [0, 1).
            (The 2014 paper's p is the probability to *keep* it.)
        epochs: passes over the training images, 1 to 1,000.
        learning_rate: Adam's step size, above 0 and at most 10.
        batch_size: images a step, 1 to 60,000. The last incomplete batch of an epoch is dropped.
        seed: decides initial weights, order of the images and dropout masks, 0 to 2**63 - 1.
        train_size: train on so many images, drawn at random by `seed`; None for all of them.
        repeats: how often an epoch shows each of them, 1 to 60,000; so that few images can make as many steps an
            epoch as many.
        dataset: "mnist", or "digits" (scikit-learn's bundled 8 x 8 digits, enlarged).
        hidden_sizes: units in each hidden layer; 1 to 16 layers of 1 to 8,192 units.
        device: "cpu", "cuda", "mps", or "auto" for the best of them that is there.
        precision: of the matrix products in training: "fp32"; "bf16", with weights and optimizer in fp32; or
            "auto", which is bf16 where the processor has it in hardware.

    Raises:
        ValueError: a value is of the wrong type or outside its range; the message names it.
    """

    recipe: str = "plain"
    drop_prob: float = 0.3
    epochs: int = 15
    learning_rate: float = 0.001
    batch_size: int = 100
    seed: int = 1
    train_size: int | None = None
    repeats: int = 1
    dataset: str = "mnist"
    hidden_sizes: tuple[int, ...] = (512, 512, 512, 512)
    device: str = "auto"
    precision: str = "auto"

    @classmethod
    def of_recipe(cls, recipe: str, **settings: Any) -> Self:
        """Return a recipe's own config, but for these settings.

        Raises:
            ValueError: there is no such recipe, or a setting is refused.
        """
        _check_choice("recipe", recipe, RECIPES)
        return cls(**{"recipe": recipe, **_RECIPE_DEFAULTS[recipe], **settings})

    def __post_init__(self) -> None:
        _check_choice("recipe", self.recipe, RECIPES)
        _check_number("drop_prob", self.drop_prob)
        if not 0 <= self.drop_prob < 1:
            raise ValueError(
                f"drop_prob must be at least 0 and below 1, not {self.drop_prob!r}: at 1 every unit would be dropped"
            )
        _check_integer("epochs", self.epochs, 1, 1_000)
        _check_number("learning_rate", self.learning_rate)
        if not 0 < self.learning_rate <= 10:
            raise ValueError(f"learning_rate must be above 0 and at most 10, not {self.learning_rate!r}")
        _check_integer("batch_size", self.batch_size, 1, 60_000)
        _check_integer("seed", self.seed, 0, 2**63 - 1)
        _check_integer("repeats", self.repeats, 1, 60_000)
        _check_choice("dataset", self.dataset, DATASETS)
        _check_choice("device", self.device, DEVICES)
        _check_choice("precision", self.precision, PRECISIONS)
        if self.train_size is not None:
            _check_integer("train_size", self.train_size, 1, 60_000)
            if self.train_size * self.repeats < self.batch_size:
                raise ValueError(
                    f"train_size ({self.train_size:,}) must be at least batch_size ({self.batch_size:,}): "
                    "incomplete batches are dropped, so nothing would be left to train on"
                )
        if not isinstance(self.hidden_sizes, tuple) or not 1 <= len(self.hidden_sizes) <= 16:
            raise ValueError(f"hidden_sizes must be a tuple of 1 to 16 sizes, not {self.hidden_sizes!r}")
        for size in self.hidden_sizes:
            _check_integer("each of hidden_sizes", size, 1, 8_192)

    def differences(self) -> dict[str, Any]:
        """Return the fields, by name, that differ from the recipe's own and decide the outcome.

        Device and precision do not: they are means to the same end.
        """
        own = self.of_recipe(self.recipe)
        names = [field.name for field in fields(self) if field.name not in MEANS]
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(own, name)}

    @property
    def name(self) -> str:
        """The checkpoint's file name without its ending: `plain-p0.30` or `augmented`, then whatever is not the default.

        Configs that train alike have the same name.
        """
        different = self.differences()
        parts = [self.recipe]
        if self.recipe == "plain" or "drop_prob" in different:
            parts.append(f"p{_at_least_two_decimals(self.drop_prob)}")
        if "dataset" in different:
            parts.append(self.dataset)
        if "hidden_sizes" in different:
            parts.append("h" + "x".join(map(str, self.hidden_sizes)))
        parts += [f"{letter}{different[name]}" for name, letter in _NAME_LETTERS.items() if name in different]
        return "-".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a config from what `to_dict` gave, also after a trip through JSON.

        Raises:
            ValueError: an unknown field, or a value that is refused.
        """
        if not isinstance(values, Mapping):
            raise ValueError(f"settings must be given by name, not as {values!r}")
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(unknown)}")
        values = dict(values)
        if isinstance(values.get("hidden_sizes"), list):
            values["hidden_sizes"] = tuple(values["hidden_sizes"])
        return cls(**values)


def _check_number(name: str, value: object) -> None:
    # Every range ends far below this; an int may be too large for isfinite.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise ValueError(f"{name} must be a finite number, not {value!r}")


def _check_integer(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be between {low:,} and {high:,}, not {value:,}")


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _at_least_two_decimals(value: float) -> str:
    two_decimals = f"{value:.2f}"
    return two_decimals if float(two_decimals) == value else repr(float(value))
