"""What was measured about each claim: the figure with its 95% interval, the verdict, and whether the prediction held.

Everything is computed from the shipped sweeps. A claim whose sweep is missing has no finding.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch

from dropout_mnist.experiments.doubt import DIGITS, ENSEMBLE, HIGHEST, INFORMATION, SINGLE, THINNED
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
from dropout_mnist.experiments.findings_of_methods import (
    find_early_dropout,
    find_gaussian,
    find_late_dropout,
    find_weight_decay,
    find_width,
)
from dropout_mnist.experiments.intervals import differences, means
from dropout_mnist.experiments.pruning import AT_RANDOM, LARGEST_FIRST, SMALLEST_FIRST
from dropout_mnist.experiments.results import last_epochs, measurements_folder, summarize
from dropout_mnist.experiments.shrinking import UNITS, WEIGHTS
from dropout_mnist.messages.message import Message
from dropout_mnist.model import MLP
from dropout_mnist.shapes import INPUT_SIZE

_CORRUPTIONS = {
    "noise": Message("noise"),
    "blur": Message("blur"),
    "occlusion": Message("occlusion"),
    "shift": Message("shift"),
    "thickness": Message("thickness"),
    "contrast": Message("contrast"),
}


def find(key: str, folder: Path | None = None) -> Finding | None:
    """Return what was measured about a claim, by its key; None if that was not measured.

    Args:
        key: of a `Claim`.
        folder: of the sweeps; the shipped ones by default.
    """
    try:
        return FINDINGS[key](folder or measurements_folder()) if key in FINDINGS else None
    except MissingError:
        return None


def _wrong_labels(folder: Path, noise: float) -> pd.DataFrame:
    table = read(folder, "wrong_labels")
    return table[table["label_noise"] == noise]


def _memorization(folder: Path) -> Finding:
    table = _wrong_labels(folder, 0.4)
    shares = by_rate(table[table["epoch"] == 20], "memorized")
    text = "; ".join(f"drop_prob {rate:g}: {percent(share)}" for rate, share in shares.items())
    return Finding(
        HOLDS if shares[0.5][0] < shares[0.0][0] / 2 else NOT_HERE,
        Message("wrong labels memorized after 20 epochs, {shares}", shares=text),
        came_true=shares[0.5][0] < 0.2 and shares[0.0][0] > 0.7,
    )


def _label_noise_accuracy(folder: Path) -> Finding:
    table = _wrong_labels(folder, 0.4)
    table = table[table["epoch"] == 20]
    accuracies, gain = by_rate(table, "test_accuracy"), difference(table, "test_accuracy")
    return Finding(
        HOLDS if gain[0] > gain[1] else NOT_HERE,
        Message(
            "test accuracy after 20 epochs {without} without dropout, {with_dropout} with drop_prob 0.5: {gain}",
            without=percent(accuracies[0.0]),
            with_dropout=percent(accuracies[0.5]),
            gain=points(gain),
        ),
        came_true=gain[0] >= 10,
    )


def _early_stopping(folder: Path) -> Finding:
    best = _best_epochs(_wrong_labels(folder, 0.4))
    accuracies, gain = by_rate(best, "test_accuracy"), difference(best, "test_accuracy")
    return Finding(
        HOLDS if gain[0] <= 1 else ONLY_WHEN,
        Message(
            "best epoch's test accuracy {without} without dropout, {with_dropout} with drop_prob 0.5: {gain}; the "
            "epoch was chosen on the test images",
            without=percent(accuracies[0.0]),
            with_dropout=percent(accuracies[0.5]),
            gain=points(gain),
        ),
        came_true=abs(gain[0]) <= 1,
    )


def _massive_noise(folder: Path) -> Finding:
    table = _wrong_labels(folder, 0.8)
    best, last = (by_rate(rows, "test_accuracy")[0.5] for rows in (_best_epochs(table), last_epochs(table)))
    return Finding(
        HOLDS if best[0] > 0.8 else NOT_HERE,
        Message(
            "with 80% random labels and drop_prob 0.5, test accuracy {best} at the best epoch and {last} after 60",
            best=percent(best),
            last=percent(last),
        ),
        came_true=best[0] > 0.8 and best[0] - last[0] >= 0.1,
    )


def _best_epochs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the epoch of each run with the highest test accuracy."""
    return table.loc[table.groupby("run")["test_accuracy"].idxmax()]


def _test_error(folder: Path) -> Finding:
    table = read_errors(folder, "rate")
    errors = by_rate(table, "error")
    best = min(errors, key=lambda rate: errors[rate][0])
    saved = {rate: difference(table.assign(error=-table["error"]), "error", (0.0, rate)) for rate in (best, 0.5)}
    clear = [rate for rate, (mean, margin) in saved.items() if mean > margin]
    return Finding(
        HOLDS if len(clear) == len(saved) else ONLY_WHEN if clear else NOT_HERE,
        Message(
            "{without} without dropout, {with_dropout} with drop_prob 0.5, and {lowest} with the best rate, {best:g}: "
            "{saved} saved",
            without=percent(errors[0.0], 2),
            with_dropout=percent(errors[0.5], 2),
            lowest=percent(errors[best], 2),
            best=best,
            saved=points(saved[best], 2),
        ),
    )


def _rate(folder: Path) -> Finding:
    errors = by_rate(read_errors(folder, "rate"), "error")
    middle = [errors[rate][0] for rate in errors if 0.1 <= rate <= 0.6]
    spread = 100 * (max(middle) - min(middle))
    return Finding(
        HOLDS if spread < 1 else NOT_HERE,
        Message(
            "test error {low:.2f} to {high:.2f}% for drop_prob 0.1 to 0.6, {most} at 0.8",
            low=100 * min(middle),
            high=100 * max(middle),
            most=percent(errors[0.8]),
        ),
    )


def _train_size(folder: Path) -> Finding:
    table = read_errors(folder, "train_size")
    saved = records(differences(table.assign(gain=-table["error"]), ["train_size"], "gain", (0.0, 0.5)))
    text = ", ".join(f"{row['train_size']:,.0f}: {row['mean']:+.2f} ± {row['margin']:.2f}" for row in saved)
    few = saved[0]
    return Finding(
        NOT_HERE if few["mean"] == max(row["mean"] for row in saved) else HOLDS,
        Message(
            "points of test error saved by training images, {gains}. The mean gain is largest with the fewest images",
            gains=text,
        ),
    )


def _averaging(folder: Path) -> Finding:
    table = read(folder, "networks", "averaging")
    texts, close = [], []
    for rate, rows in table.groupby("drop_prob"):
        average = means(rows[rows["k"] == 50], ["k"], "test_error")["mean"].iloc[0]
        full = rows[rows["k"] == 1]["full_network_error"].mean()
        close.append(abs(average - full) < 0.001)
        texts.append(
            Message(
                "drop_prob {rate:g}: average of 50 {average:.2%}, full network {full:.2%}",
                rate=rate,
                average=average,
                full=full,
            )
        )
    return Finding(HOLDS if all(close) else NOT_HERE, Message("test error, {errors}", errors=Message.list("; ", texts)))


def _sparsity(folder: Path) -> Finding:
    table = read(folder, "networks", "activations")
    # A layer's first row, whose bin has no width, counts the zeros.
    zeros = by_rate(summarize(table[table["high"] == 0], ["drop_prob", "run"], "share"), "mean")
    text = "; ".join(f"drop_prob {rate:g}: {percent(share)}" for rate, share in zeros.items())
    return Finding(
        HOLDS if zeros[0.5][0] > zeros[0.0][0] else NOT_HERE,
        Message("activations that are zero, {shares}", shares=text),
    )


def _co_adaptation(folder: Path) -> Finding:
    return _remove_half(folder, AT_RANDOM, Message("half of the units removed at random"))


def _pruning(folder: Path) -> Finding:
    return _remove_half(folder, LARGEST_FIRST, Message("the half of the units with the largest weights removed"))


def _remove_half(folder: Path, order: str, what: Message) -> Finding:
    table = read(folder, "networks", "pruning")
    return _compare(table[(table["order"] == order) & table["scaled"] & (table["removed"] == 0.5)], what)


def _fewer_units(folder: Path) -> Finding:
    table = _smallest_removed(folder, UNITS)
    found = _compare(table[table["kept"] == 0.25], Message("the quarter of the units with the largest weights"))
    return replace(found, came_true=found.verdict is NOT_HERE)


def _compare(table: pd.DataFrame, what: Message) -> Finding:
    """Return what was measured about networks of which a part was removed, without and with dropout."""
    gain = difference(table, "test_accuracy")
    text = "; ".join(
        f"drop_prob {rate:g}: {percent(accuracy)}" for rate, accuracy in by_rate(table, "test_accuracy").items()
    )
    return Finding(
        HOLDS if gain[0] > gain[1] else NOT_HERE,
        Message(
            "test accuracy with {what}, {accuracies}; with drop_prob 0.5 instead of none {gain}",
            what=what,
            accuracies=text,
            gain=points(gain),
        ),
    )


def _fewer_weights(folder: Path) -> Finding:
    table = _smallest_removed(folder, WEIGHTS)
    full, fifth = (by_rate(table[table["kept"] == kept], "test_accuracy") for kept in (1.0, 0.2))
    text = "; ".join(f"drop_prob {rate:g}: {percent(full[rate])} → {percent(fifth[rate])}" for rate in full)
    lost = [full[rate][0] - fifth[rate][0] for rate in full]
    return Finding(
        HOLDS if max(lost) <= 0.01 else ONLY_WHEN if min(lost) <= 0.01 else NOT_HERE,
        Message("test accuracy with all weights and with the largest 20% of them, {accuracies}", accuracies=text),
        came_true=max(lost) <= 0.01,
    )


def _smallest_removed(folder: Path, part: str) -> pd.DataFrame:
    table = read(folder, "small", "small")
    return table[(table["part"] == part) & (table["order"] == SMALLEST_FIRST)]


def _gap(folder: Path) -> Finding:
    last = last_epochs(read(folder, "networks"))
    last = last.assign(gap=last["eval_train_accuracy"] - last["test_accuracy"])
    change = difference(last, "gap")
    text = "; ".join(f"drop_prob {rate:g}: {100 * gap:.2f}" for rate, (gap, _) in by_rate(last, "gap").items())
    return Finding(
        HOLDS if change[0] < -change[1] else NOT_HERE,
        Message(
            "points between training and test accuracy, {gaps}; drop_prob 0.5 changes it by {change}",
            gaps=text,
            change=points(change, 2),
        ),
    )


def _corruptions(folder: Path) -> Finding:
    table = read(folder, "corruptions", "corruptions")
    table = table[(table["recipe"] == "plain") & (table["severity"] == 3)]
    changes = {str(name): difference(rows, "test_accuracy") for name, rows in table.groupby("corruption", sort=False)}
    better = [mean > margin for mean, margin in changes.values()]
    parts = [
        Message("{corruption} {change}", corruption=_CORRUPTIONS[name], change=f"{mean:+.1f} ± {margin:.1f}")
        for name, (mean, margin) in changes.items()
    ]
    return Finding(
        HOLDS if all(better) else ONLY_WHEN if any(better) else NOT_HERE,
        Message(
            "change of the test accuracy by drop_prob 0.5 at severity 3, in points: {changes}",
            changes=Message.list(", ", parts),
        ),
        came_true=changes["noise"][0] > 2 and changes["shift"][0] <= 2,
    )


def _monte_carlo(folder: Path) -> Finding:
    table = read(folder, "doubt", "doubt")
    table = table[(table["train_size"] == table["train_size"].max()) & (table["kind"] != DIGITS)]
    scores = {SINGLE: HIGHEST, THINNED: INFORMATION, ENSEMBLE: INFORMATION}
    (single, spread), (thinned, margin), (ensemble, _alone) = (
        _mean_of_kinds(table[(table["method"] == method) & (table["score"] == score)], "auroc")
        for method, score in scores.items()
    )
    return Finding(
        HOLDS if thinned - margin > single + spread else ONLY_WHEN if thinned > 0.9 else NOT_HERE,
        Message(
            "area under the ROC curve, mean of four kinds of non-digits: {thinned} by the disagreement of thinned "
            "networks, {single} by one network's highest probability, {ensemble:.3f} by the disagreement of an "
            "ensemble of 5",
            thinned=f"{thinned:.3f} ± {margin:.3f}",
            single=f"{single:.3f} ± {spread:.3f}",
            ensemble=ensemble,
        ),
        came_true=ensemble > thinned,
    )


def _doubt_over_data(folder: Path) -> Finding:
    table = read(folder, "doubt", "doubt")
    table = table[(table["method"] == THINNED) & (table["score"] == INFORMATION)]
    few, many = table["train_size"].min(), table["train_size"].max()
    figures = [
        _mean_of_kinds(rows[rows["train_size"] == size], "mean")
        for rows in (table[table["kind"] == DIGITS], table[table["kind"] != DIGITS])
        for size in (few, many)
    ]
    before, after = figures[:2]
    texts = [f"{mean:.3f} ± {margin:.3f}" for mean, margin in figures]
    return Finding(
        NOT_HERE if before[0] - before[1] > after[0] + after[1] else HOLDS,
        Message(
            "mutual information with {few:,.0f} and {many:,.0f} training images: {before} and {after} nats about test "
            "digits, {others_before} and {others_after} about non-digits",
            few=few,
            many=many,
            before=texts[0],
            after=texts[1],
            others_before=texts[2],
            others_after=texts[3],
        ),
        came_true=after[0] < before[0] / 2,
    )


def _mean_of_kinds(rows: pd.DataFrame, value: str) -> tuple[float, float]:
    """Return a value's mean over the kinds of images, and half its interval over seeds."""
    [row] = records(means(rows.groupby("seed", as_index=False)[value].mean().assign(all=0), ["all"], value))
    return row["mean"], row["margin"]


def _running_statistics(folder: Path) -> Finding:
    model = MLP(drop_prob=0.5, generator=torch.Generator().manual_seed(1))
    before = {name: values.clone() for name, values in model.state_dict().items()}
    for mode in (True, False):
        model.train(mode)(torch.rand(10, INPUT_SIZE))
    changed = [name for name, values in model.state_dict().items() if not torch.equal(values, before[name])]
    return Finding(
        HOLDS if changed else NOT_HERE,
        Message(
            "{changed} of the network's {count} tensors change in passes with train() and with eval(). The two only "
            "switch dropout on and off",
            changed=len(changed),
            count=len(before),
        ),
        came_true=not changed,
    )


# By the key of the claim.
FINDINGS: dict[str, Callable[[Path], Finding]] = {
    "memorization": _memorization,
    "label-noise-accuracy": _label_noise_accuracy,
    "early-stopping": _early_stopping,
    "massive-noise": _massive_noise,
    "test-error": _test_error,
    "rate": _rate,
    "train-size": _train_size,
    "averaging": _averaging,
    "sparsity": _sparsity,
    "co-adaptation": _co_adaptation,
    "pruning": _pruning,
    "fewer-units": _fewer_units,
    "fewer-weights": _fewer_weights,
    "gap": _gap,
    "width": find_width,
    "gaussian": find_gaussian,
    "weight-decay": find_weight_decay,
    "early-dropout": find_early_dropout,
    "late-dropout": find_late_dropout,
    "corruptions": _corruptions,
    "monte-carlo": _monte_carlo,
    "doubt-over-data": _doubt_over_data,
    "running-statistics": _running_statistics,
}
