"""Findings about width, about other regularizers than dropout, and about dropout in a part of the epochs."""

from pathlib import Path

import pandas as pd

from dropout_mnist.experiments import best_settings
from dropout_mnist.experiments.finding import (
    HOLDS,
    NOT_HERE,
    ONLY_WHEN,
    Finding,
    MissingError,
    by_rate,
    difference,
    percent,
    points,
    read,
    read_errors,
    records,
)
from dropout_mnist.experiments.intervals import means
from dropout_mnist.messages.message import Message


def find_width(folder: Path) -> Finding:
    """Return what was measured about networks of different widths."""
    runs = _with_width(read_errors(folder, "width"))
    costs = {width: difference(runs[runs["width"] == width], "error") for width in sorted(runs["width"].unique())}
    narrow, wide = min(costs), max(costs)
    errors = {width: by_rate(runs[runs["width"] == width], "error") for width in costs}
    hurts = [mean > margin for mean, margin in (costs[narrow], costs[wide])]
    return Finding(
        NOT_HERE if not hurts[0] else ONLY_WHEN if hurts[1] else HOLDS,
        Message(
            "test error with {narrow} units per layer {narrow_none} without and {narrow_half} with drop_prob 0.5; with "
            "{wide} units {wide_none} and {wide_half}; drop_prob 0.5 changes the error by {changes} points with "
            "{widths} units",
            narrow=narrow,
            wide=f"{wide:,}",
            narrow_none=percent(errors[narrow][0.0], 2),
            narrow_half=percent(errors[narrow][0.5], 2),
            wide_none=percent(errors[wide][0.0], 2),
            wide_half=percent(errors[wide][0.5], 2),
            changes=", ".join(f"{mean:+.2f}" for mean, _margin in costs.values()),
            widths=", ".join(f"{width:,}" for width in costs),
        ),
        came_true=costs[narrow][0] > 2 and costs[wide][0] < 0,
    )


def find_gaussian(folder: Path) -> Finding:
    """Return what was measured about Gaussian noise instead of dropout."""
    methods = _methods(folder, best_settings.ALL_IMAGES)
    zeros, noise = methods[best_settings.BERNOULLI], methods[best_settings.GAUSSIAN]
    apart = abs(zeros["mean"] - noise["mean"])
    return Finding(
        HOLDS if apart <= zeros["margin"] + noise["margin"] else NOT_HERE,
        Message(
            "test error with 60,000 images and the rate that is best on held-out images {zeros} with dropout "
            "(drop_prob {zeros_rate:g}), {noise} with Gaussian noise (drop_prob {noise_rate:g})",
            zeros=_write(zeros),
            noise=_write(noise),
            zeros_rate=zeros["drop_prob"],
            noise_rate=noise["drop_prob"],
        ),
        came_true=apart < 0.0015,
    )


def find_weight_decay(folder: Path) -> Finding:
    """Return what was measured about weight decay instead of dropout."""
    methods = _methods(folder, 1_000)
    none, decay = methods[best_settings.NOTHING], methods[best_settings.DECAY]
    dropout = methods[best_settings.BERNOULLI]
    gains = [none["mean"] - best["mean"] for best in (decay, dropout)]
    are_alike = abs(gains[0] - gains[1]) <= decay["margin"] + dropout["margin"]
    return Finding(
        HOLDS if are_alike and min(gains) > 0 else NOT_HERE,
        Message(
            "test error with 1,000 images {none} without either, {decay} with weight decay ({strength:g}), {dropout} "
            "with dropout (drop_prob {rate:g}), each as strong as is best on held-out images",
            none=_write(none),
            decay=_write(decay),
            strength=decay["weight_decay"],
            dropout=_write(dropout),
            rate=dropout["drop_prob"],
        ),
        came_true=gains[0] < gains[1] / 2,
    )


def find_early_dropout(folder: Path) -> Finding:
    """Return what was measured about dropout in the first epochs only."""
    runs = _schedule(folder, 32)
    losses = _by_time(runs, "eval_train_loss")
    (early, margin), (never, spread) = losses["first"], losses["never"]
    return Finding(
        HOLDS if early + margin < never - spread else NOT_HERE,
        Message(
            "training loss of networks with 32 units per layer {early} with dropout in the first 5 of 15 epochs, "
            "{never} without, {always} in all epochs",
            early=f"{early:.4f} ± {margin:.4f}",
            never=f"{never:.4f} ± {spread:.4f}",
            always=f"{losses['always'][0]:.4f} ± {losses['always'][1]:.4f}",
        ),
        came_true=early >= never,
    )


def find_late_dropout(folder: Path) -> Finding:
    """Return what was measured about dropout in the last epochs only."""
    runs = _schedule(folder, 512)
    accuracies = _by_time(runs, "test_accuracy")
    late = runs[runs["when"].isin(["never", "last"])]
    gain = difference(late, "test_accuracy")
    return Finding(
        HOLDS if gain[0] > gain[1] else NOT_HERE,
        Message(
            "test accuracy of networks with 512 units per layer {late} with dropout in the last 5 of 15 epochs, "
            "{never} without, {always} in all epochs; late dropout gains {gain}",
            late=percent(accuracies["last"], 2),
            never=percent(accuracies["never"], 2),
            always=percent(accuracies["always"], 2),
            gain=points(gain, 2),
        ),
        came_true=abs(accuracies["last"][0] - accuracies["always"][0]) <= 0.0015,
    )


def _with_width(runs: pd.DataFrame) -> pd.DataFrame:
    return runs.assign(width=runs["hidden_sizes"].astype(str).str.partition("x")[0].astype(int))


def _methods(folder: Path, size: int) -> dict[str, dict[str, float]]:
    """Return the test error of each method, by its name, at its best setting with this many images."""
    results, held_out = read(folder, "regularizers"), read(folder, "regularizers", best_settings.HELD_OUT)
    table = best_settings.compare_methods(results, held_out, size)
    if len(table) < len(best_settings.METHODS):
        raise MissingError
    return dict(zip(table["method"], records(table), strict=True))


def _write(row: dict[str, float]) -> str:
    return percent((row["mean"], row["margin"]), 2)


def _schedule(folder: Path, width: int) -> pd.DataFrame:
    """Return the runs of a width with the column `when` they had dropout."""
    runs = _with_width(read_errors(folder, "schedule"))
    when = pd.Series("always", index=runs.index)
    when = when.mask(runs["last_dropout_epoch"].fillna(runs["epochs"]) < runs["epochs"], "first")
    when = when.mask(runs["first_dropout_epoch"].fillna(1) > 1, "last").mask(runs["drop_prob"] == 0, "never")
    return runs.assign(when=when)[runs["width"] == width]


def _by_time(runs: pd.DataFrame, value: str) -> dict[str, tuple[float, float]]:
    return {str(row["when"]): (row["mean"], row["margin"]) for row in records(means(runs, ["when"], value))}
