"""Names of networks that say how they were trained."""

from typing import Any

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.data.datasets import TITLES
from dropout_mnist.ui.format import epochs
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _

# The others follow in the order of their declaration.
_FIRST = ("dataset", "train_size", "epochs")


def dropout(config: TrainConfig) -> str:
    """Return how much dropout a network was trained with: "no dropout" or "dropout 0.5"."""
    return _("dropout {rate}", rate=f"{config.drop_prob:g}") if config.drop_prob else _("no dropout")


def network(config: TrainConfig) -> str:
    """Return a short name of a network, such as "dropout 0.5 · 100 images · 15 epochs".

    One that was trained with all the defaults of its recipe is named by its dropout alone.
    """
    different = config.differences().keys() - {"drop_prob"}
    return " · ".join(_parts(config, different | {"epochs"} if different else different))


def checkpoint(checkpoint: Checkpoint) -> str:
    """Return a short name of a network that may have learned a person's hand since it was trained."""
    parts = [network(checkpoint.config)]
    if checkpoint.own_digits == 1:
        parts.append(_("learned 1 own digit"))
    elif checkpoint.own_digits:
        parts.append(_("learned {count} own digits", count=checkpoint.own_digits))
    return " · ".join(parts)


def in_full(config: TrainConfig) -> str:
    """Return a name that also says what a short one leaves out, such as "dropout 0.5 · MNIST · 15 epochs"."""
    return " · ".join(_parts(config, {*config.differences(), "dataset", "epochs"} - {"drop_prob"}))


def _parts(config: TrainConfig, names: set[str]) -> list[str]:
    ordered = [name for name in dict.fromkeys((*_FIRST, *SETTINGS)) if name in names]
    recipe = [_("augmented")] if config.recipe == "augmented" else []
    return [*recipe, dropout(config), *(_value(name, getattr(config, name)) for name in ordered)]


def _value(name: str, value: Any) -> str:
    match name:
        case "dataset":
            return localize(TITLES[value])
        case "epochs":
            return epochs(value)
        case "train_size":
            return _("1 image") if value == 1 else _("{count} images", count=f"{value:,}")
        case _:
            return f"{_(SETTINGS[name].label).lower()} {SETTINGS[name].format(value)}"
