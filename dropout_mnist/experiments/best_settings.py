"""Compare methods against overfitting, each at its best setting: the study `regularizers`.

Settings are chosen on held-out training images; the test images have no part in it.
"""

from collections.abc import Callable, Sequence

import pandas as pd

from dropout_mnist.data.datasets import FULL_SIZES
from dropout_mnist.experiments.intervals import means
from dropout_mnist.experiments.results import last_epochs

ALL_IMAGES = FULL_SIZES["mnist"]
# Networks trained on all images leave none to choose by, so their settings are those that are best with 50,000 images.
CHOSEN_WITH = {1_000: 1_000, ALL_IMAGES: 50_000}

# The table of the study, next to that of the epochs.
HELD_OUT = "held_out"

NOTHING, BERNOULLI, GAUSSIAN, DECAY, STOPPING = "none", "bernoulli", "gaussian", "decay", "early"
_SETTING = ["drop_prob", "dropout_kind", "weight_decay", "epochs"]
# The settings of each method, in a table of settings. Early stopping may also choose not to stop.
_SETTINGS: dict[str, Callable[[pd.DataFrame], "pd.Series[bool]"]] = {
    NOTHING: lambda table: _is_plain(table) & (table["epochs"] == table["epochs"].max()),
    BERNOULLI: lambda table: (table["drop_prob"] > 0) & (table["dropout_kind"] == "bernoulli"),
    GAUSSIAN: lambda table: (table["drop_prob"] > 0) & (table["dropout_kind"] == "gaussian"),
    DECAY: lambda table: table["weight_decay"] > 0,
    STOPPING: lambda table: _is_plain(table),
}
METHODS = tuple(_SETTINGS)


def measured_sizes(results: pd.DataFrame, held_out: pd.DataFrame) -> Sequence[int]:
    """Return the numbers of training images that methods can be compared with.

    Args:
        results: the study's table of epochs.
        held_out: the study's accuracies on held-out images.
    """
    trained, chosen = (set(_sizes(table)) for table in (results, held_out))
    return [size for size, other in CHOSEN_WITH.items() if size in trained and other in chosen]


def compare_methods(results: pd.DataFrame, held_out: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return the test error of each method at the setting with the best mean held-out accuracy.

    Args:
        results: the study's table of epochs.
        held_out: the study's accuracies on held-out images.
        size: the number of training images, a key of `CHOSEN_WITH`.

    Returns:
        a row for each method that was measured: `method` (of `METHODS`, in their order), its best setting's
        `drop_prob`, `dropout_kind`, `weight_decay` and `epochs`, the mean accuracy `held_out`, and the test error's
        `mean`, `margin`, `low`, `high` and `runs`.
    """
    last = last_epochs(results[_sizes(results) == size])
    errors = means(last.assign(error=1 - last["test_accuracy"]), _SETTING, "error")
    choice = held_out[_sizes(held_out) == CHOSEN_WITH[size]].groupby(_SETTING)["accuracy"].mean().rename("held_out")
    table = errors.merge(choice.reset_index(), on=_SETTING)
    found = {method: table[is_setting(table)] for method, is_setting in _SETTINGS.items()}
    best = [rows.loc[[rows["held_out"].idxmax()]].assign(method=name) for name, rows in found.items() if len(rows)]
    return pd.concat(best, ignore_index=True) if best else table.assign(method="")


def _is_plain(table: pd.DataFrame) -> "pd.Series[bool]":
    return (table["drop_prob"] == 0) & (table["weight_decay"] == 0)


def _sizes(table: pd.DataFrame) -> "pd.Series[int]":
    return table["train_size"].fillna(ALL_IMAGES).astype(int)
