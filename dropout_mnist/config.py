"""The hyperparameters of one run, validated and frozen. Each is declared once, with its field."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from typing import Any, Self

from dropout_mnist.messages.message import Message
from dropout_mnist.setting import Choice, Integer, Number, Setting, Sizes
from dropout_mnist.shapes import CLASSES, INPUT_SIZE

RECIPES = ("plain", "augmented")
DATASETS = ("mnist", "digits")


class _RecipeDefault:
    """Stands for "the recipe's default" until the recipe is known."""

    def __repr__(self) -> str:
        return "<the recipe's default>"


def _declare(setting: Setting) -> Any:
    return field(default=_RecipeDefault(), metadata={"setting": setting})


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Hold everything that decides the outcome of a run. The defaults are the reference notebook's.

    `TrainConfig()` and `TrainConfig.plain()` are the notebook's recipe, `TrainConfig.augmented()` is the other one.
    A recipe brings its own defaults for whatever is not given. NumPy scalars and lists are accepted.

    Attributes:
        recipe: "plain", the notebook's; or "augmented", which varies the training images, mixes in non-digits
            (`dropout_mnist.augmentation`), lets the learning rate decay and averages the weights.
        drop_prob: probability that a hidden unit is *dropped* in a training step, 0 to 0.9. It is the `p` of
            `torch.nn.Dropout`; the 2014 paper's p is the probability to *keep* a unit.
        dropout_kind: "bernoulli", or "gaussian", which multiplies each unit by a random factor of the same mean and
            variance instead of dropping it (`dropout_mnist.dropout`).
        first_dropout_epoch, last_dropout_epoch: no dropout before and after these epochs; None for no end. Early and
            late dropout: Liu et al., "Dropout Reduces Underfitting", ICML 2023.
        dataset: "mnist", or "digits" (scikit-learn's bundled 8 x 8 digits, enlarged).
        hidden_sizes: units in each hidden layer; 1 to 16 layers of 1 to 8,192 units.
        epochs: passes over the training images, 1 to 1,000.
        seed: decides initial weights, order of the images, dropout masks and augmentation, 0 to 2**31 - 1.
        train_size: number of training images, drawn at random by `seed`; None for all of them.
        label_noise: share of the training images whose label is replaced by one of the ten at random, 0 to 1. One in
            ten of these is still right. Zhang et al., "Understanding Deep Learning Requires Rethinking
            Generalization", ICLR 2017.
        repeats: how many times an epoch shows each training image, 1 to 60,000. With more repeats, few images make as
            many steps per epoch as many images.
        batch_size: images per step, 1 to 60,000. The last incomplete batch of an epoch is dropped.
        learning_rate: Adam's step size, 1e-6 to 10.
        weight_decay: each step also shrinks the weights by `learning_rate * weight_decay`, 0 to 10. Loshchilov &
            Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
        device: "cpu", "cuda", "mps", or "auto" for the best one available.
        precision: of the matrix products in training: "fp32"; "bf16", with weights and optimizer in fp32; or "auto",
            which is bf16 where the processor has it in hardware.

    Raises:
        ValueError: a value has the wrong type or is out of range. The message names it and says what is allowed.
    """

    recipe: str = field(
        default="plain",
        metadata={
            "setting": Choice(
                label="Recipe",
                help="plain: as in lab-09_5_mnist_nn_dropout, a PyTorch notebook of the course Deep Learning Zero to "
                "All. augmented, for drawings: varies MNIST's images as other hands and pens might have written them, "
                "mixes in non-digits and averages the weights; it takes far longer.",
                default="plain",
                augmented="augmented",
                options=RECIPES,
            )
        },
    )
    drop_prob: float = _declare(
        Number(
            label="drop_prob",
            help="Probability to drop a hidden unit; the dropout paper's p is the probability to keep it.",
            default=0.3,
            augmented=0.1,
            abbreviation="p",
            low=0.0,
            high=0.9,
            step=0.05,
        )
    )
    dropout_kind: str = _declare(
        Choice(
            label="Kind of dropout",
            help="bernoulli: drops units. gaussian: multiplies each unit by a random factor of the same variance.",
            default="bernoulli",
            abbreviation="k",
            options=("bernoulli", "gaussian"),
        )
    )
    first_dropout_epoch: int = _declare(
        Integer(
            label="Dropout from epoch",
            help="Train without dropout before this epoch.",
            default=1,
            abbreviation="from",
            low=1,
            high=1_000,
        )
    )
    last_dropout_epoch: int | None = _declare(
        Integer(
            label="Dropout until epoch",
            help="Train without dropout after this epoch.",
            default=None,
            abbreviation="until",
            low=1,
            high=1_000,
            none="last",
        )
    )
    dataset: str = _declare(
        Choice(
            label="Data set",
            help="digits: scikit-learn's 1,797 bundled digits. They need no download and train in a second.",
            default="mnist",
            options=DATASETS,
        )
    )
    hidden_sizes: tuple[int, ...] = _declare(
        Sizes(
            label="Hidden layers",
            help="Units in each hidden layer, such as 512x512 for two layers.",
            default=(512, 512, 512, 512),
            abbreviation="h",
            most_layers=16,
            size=Integer(label="Units", help="", default=512, low=1, high=8_192),
        )
    )
    epochs: int = _declare(
        Integer(
            label="Epochs",
            help="Passes over the training images.",
            default=15,
            augmented=400,
            abbreviation="e",
            low=1,
            high=1_000,
        )
    )
    seed: int = _declare(
        Integer(
            label="Seed",
            help="Decides initial weights, order of the images and dropout masks: same seed, same result.",
            default=1,
            abbreviation="s",
            low=0,
            high=2**31 - 1,
        )
    )
    train_size: int | None = _declare(
        Integer(
            label="Training images",
            help="Train on this many images, drawn at random by the seed. With few images dropout matters more.",
            default=None,
            abbreviation="n",
            low=1,
            high=60_000,
            step=1_000,
            none="all",
        )
    )
    label_noise: float = _declare(
        Number(
            label="Label noise",
            help="Share of the training images that get a random label. Without dropout the network memorizes most.",
            default=0.0,
            abbreviation="ln",
            low=0.0,
            high=1.0,
            step=0.1,
        )
    )
    repeats: int = _declare(
        Integer(
            label="Repeats",
            help="Show each training image this many times per epoch, so that few images make as many steps as many.",
            default=1,
            abbreviation="x",
            low=1,
            high=60_000,
        )
    )
    batch_size: int = _declare(
        Integer(
            label="Batch size",
            help="Images per training step; an incomplete last batch is dropped.",
            default=100,
            augmented=250,
            abbreviation="b",
            low=1,
            high=60_000,
        )
    )
    learning_rate: float = _declare(
        Number(
            label="Learning rate",
            help="Step size of the optimizer, Adam.",
            default=0.001,
            abbreviation="lr",
            low=1e-6,
            high=10.0,
            step=0.0005,
        )
    )
    weight_decay: float = _declare(
        Number(
            label="Weight decay",
            help="Shrinks the weights in each step: another way to hold a network back.",
            default=0.0,
            abbreviation="wd",
            low=0.0,
            high=10.0,
            step=0.01,
        )
    )
    device: str = _declare(
        Choice(
            label="Device",
            help="Where to compute; auto: cuda, else mps, else cpu.",
            default="auto",
            options=("auto", "cpu", "cuda", "mps"),
            changes_result=False,
        )
    )
    precision: str = _declare(
        Choice(
            label="Precision",
            help="Precision of the matrix products in training; auto: bf16 where the hardware has it.",
            default="auto",
            options=("auto", "fp32", "bf16"),
            changes_result=False,
        )
    )

    @classmethod
    def plain(cls, **settings: Any) -> Self:
        """Return the notebook's recipe, overridden by `settings`."""
        return cls(recipe="plain", **settings)

    @classmethod
    def augmented(cls, **settings: Any) -> Self:
        """Return the recipe for what people draw, overridden by `settings`."""
        return cls(recipe="augmented", **settings)

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            value = getattr(self, name)
            if isinstance(value, _RecipeDefault):
                value = setting.default_for(self.recipe)
            object.__setattr__(self, name, setting.check(name, value))
        if self.train_size is not None and self.train_size * self.repeats < self.batch_size:
            raise ValueError(
                Message(
                    "train_size ({train_size:,}) must be at least batch_size ({batch_size:,}): incomplete batches are "
                    "dropped, so nothing would be left to train on",
                    train_size=self.train_size,
                    batch_size=self.batch_size,
                )
            )

        if self.last_dropout_epoch is not None and self.last_dropout_epoch < self.first_dropout_epoch:
            raise ValueError(
                Message(
                    "last_dropout_epoch ({last:,}) must not be before first_dropout_epoch ({first:,}): for no dropout "
                    "at all, set drop_prob to 0",
                    last=self.last_dropout_epoch,
                    first=self.first_dropout_epoch,
                )
            )

    @property
    def weight_count(self) -> int:
        """The number of weights and biases of the network."""
        sizes = (INPUT_SIZE, *self.hidden_sizes, CLASSES)
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))

    def drops_in(self, epoch: int) -> bool:
        """Whether an epoch, counted from 1, trains with dropout."""
        return epoch >= self.first_dropout_epoch and (
            self.last_dropout_epoch is None or epoch <= self.last_dropout_epoch
        )

    def differences(self) -> dict[str, Any]:
        """Return the settings, by name, that differ from the recipe's defaults and change the result."""
        return {
            name: getattr(self, name)
            for name, setting in SETTINGS.items()
            if setting.changes_result and getattr(self, name) != setting.default_for(self.recipe)
        }

    def trains_like(self, other: "TrainConfig") -> bool:
        """Whether both give the same network, whatever device and precision compute it."""
        return (self.recipe, self.differences()) == (other.recipe, other.differences())

    @property
    def name(self) -> str:
        """The checkpoint's file name without its suffix: the recipe, then every setting that is not its default.

        Examples are `plain-p0.30` and `augmented-e5`. Configs that train alike have the same name.
        """
        different = self.differences()
        if self.recipe == "plain":
            different = {"drop_prob": self.drop_prob, **different}
        parts = [
            SETTINGS[name].abbreviation
            + (_two_decimals(value) if name == "drop_prob" else SETTINGS[name].format(value))
            for name, value in different.items()
        ]
        return "-".join([self.recipe, *parts])

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a config from the result of `to_dict`, also after a round trip through JSON.

        Raises:
            ValueError: a setting is unknown, or a value is refused.
        """
        if not isinstance(values, Mapping):
            raise ValueError(Message("settings must be a mapping from names to values, not {value!r}", value=values))
        unknown = sorted(set(values) - set(SETTINGS))
        if unknown:
            raise ValueError(Message("unknown settings: {names}", names=", ".join(unknown)))
        return cls(**values)


# The declaration of each field of `TrainConfig`, by name.
SETTINGS: dict[str, Setting] = {field.name: field.metadata["setting"] for field in fields(TrainConfig)}


def _two_decimals(value: float) -> str:
    """Return at least two decimals, and more where they are needed to tell values apart."""
    two_decimals = f"{value:.2f}"
    return two_decimals if float(two_decimals) == value else repr(value)
