"""Train the page's ready experiments without and with dropout, and print what each shows and how long it takes.

usage: python -m benchmarks.ready_experiments [SEEDS]
"""

import json
import statistics
import sys
import time
from dataclasses import replace

from benchmarks.machine import describe_machine
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.experiments.comparison import Comparison
from dropout_mnist.training import Training
from dropout_mnist.ui.playground.presets import PRESETS
from dropout_mnist.ui.playground.results import variants


def main(seeds: int) -> None:
    """Print the accuracies of each experiment's pairs with seeds 1 to `seeds`, and the verdict on all of them."""
    dataset = load_dataset("mnist")
    rows = []
    for name, preset in PRESETS.items():
        pairs, seconds = [], []
        for seed in range(1, seeds + 1):
            start = time.perf_counter()
            pairs.append([_train(config, dataset) for config in variants(replace(preset.config, seed=seed))])
            seconds.append(time.perf_counter() - start)
            print(
                name,
                seed,
                *(f"{result.test_accuracy:.2%}" for result in pairs[-1]),
                f"{seconds[-1]:.0f} s",
                file=sys.stderr,
            )
        rows.append(_summarize(name, pairs, seconds, len(dataset.test)))
    print(f"\n{describe_machine()}\n")
    print("| experiment | training accuracy | test accuracy | with dropout | points more, ± 95% | verdict | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(
            f"| {row['experiment']} | {row['training']:.1%} | {row['without']:.2%} | {row['with_dropout']:.2%} | "
            f"{row['points']:+.2f} ± {row['margin']:.2f} | {row['verdict']} | {row['seconds']:.0f} |"
        )
    print(json.dumps({"machine": describe_machine(), "seeds": seeds, "rows": rows}))


def _train(config: TrainConfig, dataset: Dataset) -> EpochResult:
    *_, last = Training(config, dataset)
    return last


def _summarize(name: str, pairs: list[list[EpochResult]], seconds: list[float], test_images: int) -> dict[str, object]:
    """Return a row of the table; its training accuracy is without dropout, its seconds are of one pair."""
    without, with_dropout = ([result.test_accuracy for result in part] for part in zip(*pairs, strict=True))
    comparison = Comparison(without, with_dropout, test_images)
    return {
        "experiment": name,
        "training": statistics.fmean(pair[0].eval_train_accuracy for pair in pairs),
        "without": comparison.means[0],
        "with_dropout": comparison.means[1],
        "points": comparison.difference * 100,
        "margin": comparison.margin * 100,
        "verdict": comparison.evidence.value,
        "seconds": statistics.median(seconds),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
