"""Measure what learning a hand gains: `python -m benchmarks.own_hand STROKES`.

From each group of the handwritten digits, some of each class are learned from, and the rest of the group is read before
and after. Groups are those of the file: who collected the digits, not who wrote them.
"""

import json
import statistics
import time

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.arguments import parse_arguments
from benchmarks.machine import describe_machine
from dropout_mnist.adaptation.fine_tuning import adapt
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.datasets import Split, load_dataset
from dropout_mnist.data.pen_strokes import load_pen_digits, render_split
from dropout_mnist.evaluation import evaluate
from dropout_mnist.shapes import CLASSES

PER_CLASS = 3
DRAWS = 5


def choose(split: Split, random: np.random.Generator) -> NDArray[np.int64]:
    """Return the places of `PER_CLASS` digits of each class."""
    labels = split.labels.numpy()
    chosen = [random.choice(np.flatnonzero(labels == label), PER_CLASS, replace=False) for label in range(CLASSES)]
    return np.concatenate(chosen)


def main() -> None:
    """Print a table, and the same as JSON."""
    options = parse_arguments(__doc__)
    checkpoint = Checkpoint.load(options.weights)
    dataset = load_dataset(checkpoint.config.dataset)
    drawn = load_pen_digits(options.strokes)
    groups = sorted({digit.group for digit in drawn})
    print(f"{'group':<8}{'digits':>8}{'error before':>15}{'after':>9}{'change':>9}{'test set':>12}")
    rows: dict[str, dict[str, float]] = {}
    changes: list[float] = []
    seconds: list[float] = []
    for group in groups:
        split = render_split([digit for digit in drawn if digit.group == group])
        errors: list[tuple[float, float]] = []
        lost: list[float] = []
        for draw in range(DRAWS):
            chosen = choose(split, np.random.default_rng(draw))
            rest = torch.from_numpy(np.setdiff1d(np.arange(len(split)), chosen))
            start = time.perf_counter()
            found = adapt(checkpoint, split[torch.from_numpy(chosen)], dataset, seed=draw)
            seconds.append(time.perf_counter() - start)
            networks = (checkpoint.model, found.checkpoint.model)
            before, after = (1 - evaluate(model, split[rest]).accuracy for model in networks)
            errors.append((before, after))
            changes.append(after / before - 1 if before else 0.0)
            lost.append((found.correct_after - found.correct_before) / found.test_total)
        row = rows[group] = {
            "digits": len(split),
            "before": statistics.mean(before for before, _ in errors),
            "after": statistics.mean(after for _, after in errors),
            "change": statistics.median(changes[-DRAWS:]),
            "test_set": statistics.mean(lost),
        }
        print(
            f"{group:<8}{len(split):>8,}{row['before']:15.2%}{row['after']:9.2%}{row['change']:+9.0%}"
            f"{100 * row['test_set']:+8.2f} pts",
            flush=True,
        )
    summary = {
        "median_change": statistics.median(changes),
        "test_set": statistics.mean(row["test_set"] for row in rows.values()),
        "seconds": statistics.median(seconds),
    }
    print(
        f"the error on the rest of a group changes by {summary['median_change']:+.0%} (median over groups and draws), "
        f"accuracy on the test set by {100 * summary['test_set']:+.2f} points (mean); "
        f"{summary['seconds']:.1f} s for {PER_CLASS * CLASSES} digits (median)"
    )
    print(json.dumps({"machine": describe_machine(), "weights": options.weights.name, "groups": rows, **summary}))


if __name__ == "__main__":
    main()
