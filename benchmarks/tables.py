"""Print the tables of docs/results.md that come from the shipped sweeps in measurements/.

The Dropout lab shows the same measurements as charts, with the commands that repeat them.

usage: python -m benchmarks.tables
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from dropout_mnist.data.datasets import FULL_SIZES
from dropout_mnist.experiments.doubt import DIGITS, ENSEMBLE, HIGHEST, INFORMATION, SINGLE, THINNED
from dropout_mnist.experiments.pruning import LARGEST_FIRST, SMALLEST_FIRST
from dropout_mnist.experiments.results import last_epochs, measurements_folder, read_table, summarize
from dropout_mnist.experiments.shrinking import PARTS

PRUNED_SHARES = (0.0, 0.25, 0.5, 0.75)
KEPT_SHARES = (1.0, 0.5, 0.4, 0.3, 0.25, 0.2, 0.1)


def main() -> None:
    """Print the tables."""
    print_rates()
    print_train_sizes()
    print_pruning()
    print_small()
    print_sparsity()
    print_doubt()


def print_rates() -> None:
    """Print the test error for each drop_prob."""
    table = summarize(_test_errors("rate"), ["drop_prob"], "test_error")
    _print_row("drop_prob", table["drop_prob"].map("{:.1f}".format), heading=True)
    _print_row("test error, %", _with_errors(table, 2))


def print_train_sizes() -> None:
    """Print the test error for each size of the training set, without and with dropout, and the difference."""
    errors = _test_errors("train_size").fillna({"train_size": FULL_SIZES["mnist"]})
    table = summarize(errors, ["drop_prob", "train_size"], "test_error")
    without, dropout = (rows.set_index("train_size") for _, rows in table.groupby("drop_prob"))
    _print_row("training images", without.index.map("{:,.0f}".format), heading=True)
    for rows in (without, dropout):
        _print_row(f"test error, drop_prob {rows['drop_prob'].iloc[0]:.1f}, %", _with_errors(rows, 2))
    difference = pd.DataFrame(
        {
            "mean": without["mean"] - dropout["mean"],
            "standard_error": np.hypot(without["standard_error"], dropout["standard_error"]),
        }
    )
    _print_row("reduction, percentage points", _with_errors(difference, 2, sign="+"))


def print_pruning() -> None:
    """Print the test accuracy after removing the units with the largest weights, the rest scaled up."""
    table = read_table(measurements_folder() / "networks", "pruning")
    chosen = table[(table["order"] == LARGEST_FIRST) & table["scaled"]]
    chosen = chosen.assign(test_accuracy=100 * chosen["test_accuracy"])
    summary = summarize(chosen, ["drop_prob", "removed"], "test_accuracy")
    _print_row("units removed, largest weights first", map("{:.0%}".format, PRUNED_SHARES), heading=True)
    for drop_prob, rows in summary[summary["removed"].isin(PRUNED_SHARES)].groupby("drop_prob"):
        _print_row(f"test accuracy, drop_prob {drop_prob:.1f}, %", _with_errors(rows, 1))


def print_small() -> None:
    """Print the test accuracy of networks that keep a share of their units or weights, the largest ones."""
    table = read_table(measurements_folder() / "small", "small")
    table = table[table["order"] == SMALLEST_FIRST].assign(test_accuracy=100 * table["test_accuracy"])
    for part in PARTS:
        rows = table[(table["part"] == part) & table["kept"].isin(KEPT_SHARES)]
        summary = summarize(rows, ["drop_prob", "kept"], "test_accuracy").sort_values("kept", ascending=False)
        sizes = rows.groupby("kept")["bytes"].mean().sort_index(ascending=False)
        cells = [f"{share:.0%} ({size / 1e6:.2f} MB)" for share, size in sizes.items()]
        _print_row(f"{part} kept, the largest", cells, heading=True)
        for drop_prob, of_rate in summary.groupby("drop_prob"):
            _print_row(f"test accuracy, drop_prob {drop_prob:.1f}, %", _with_errors(of_rate, 1))


def print_doubt() -> None:
    """Print the disagreement about digits and non-digits, and how well doubt separates them, by training images."""
    table = read_table(measurements_folder() / "doubt", "doubt")
    others = table["kind"].where(table["kind"] == DIGITS, "non-digits")
    runs = table.groupby(["run", "train_size", "method", "score", others], as_index=False)[["mean", "auroc"]].mean()
    _print_row("training images", map("{:,}".format, sorted(runs["train_size"].unique())), heading=True)
    for method in (THINNED, ENSEMBLE):
        for kind in (DIGITS, "non-digits"):
            rows = runs[(runs["method"] == method) & (runs["score"] == INFORMATION) & (runs["kind"] == kind)]
            cells = _with_errors(summarize(rows, ["train_size"], "mean"), 3)
            _print_row(f"disagreement about {kind}, {method}, nats", cells)
    for method, score in ((SINGLE, HIGHEST), (THINNED, INFORMATION), (ENSEMBLE, INFORMATION)):
        rows = runs[(runs["method"] == method) & (runs["score"] == score) & (runs["kind"] != DIGITS)]
        cells = _with_errors(summarize(rows, ["train_size"], "auroc"), 3)
        _print_row(f"area under the ROC curve, {score}, {method}", cells)


def print_sparsity() -> None:
    """Print the share of activations that are zero, for each hidden layer."""
    table = read_table(measurements_folder() / "networks", "activations")
    # A layer's first row, whose bin has no width, counts the zeros.
    zeros = table[table["high"] == 0]
    zeros = zeros.assign(share=100 * zeros["share"])
    summary = summarize(zeros, ["drop_prob", "layer"], "share")
    _print_row("hidden layer", map(str, summary["layer"].unique()), heading=True)
    for drop_prob, rows in summary.groupby("drop_prob"):
        _print_row(f"activations that are zero, drop_prob {drop_prob:.1f}, %", _with_errors(rows, 1))


def _test_errors(sweep: str) -> pd.DataFrame:
    table = last_epochs(read_table(measurements_folder() / sweep, "epochs"))
    return table.assign(test_error=100 * (1 - table["test_accuracy"]))


def _with_errors(summary: pd.DataFrame, digits: int, sign: str = "") -> Sequence[str]:
    pairs = zip(summary["mean"], summary["standard_error"], strict=True)
    return [
        f"{mean:{sign}.{digits}f} ± {error:.{digits}f}" if np.isfinite(error) else f"{mean:{sign}.{digits}f}"
        for mean, error in pairs
    ]


def _print_row(name: str, cells: Iterable[str], heading: bool = False) -> None:
    cells = list(cells)
    if heading:
        print()
    print(f"| {name} | " + " | ".join(cells) + " |")
    if heading:
        print("| --- " * (len(cells) + 1) + "|")


if __name__ == "__main__":
    main()
