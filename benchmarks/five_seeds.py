"""Train the notebook's recipe with seeds 1 to 5 and print its costs and accuracies as a table.

Every run is kept in the weights folder, so the command goes on where it was interrupted. With a precision all runs
are trained anew in it, and not kept.

usage: python -m benchmarks.five_seeds [fp32 | bf16]
"""

import statistics
import sys

from benchmarks.machine import describe_machine
from dropout_mnist.checkpoint import make_checkpoint
from dropout_mnist.checkpoints.folder import find_checkpoint, store_checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.training import build_model, train

# What the reference notebook gave, run as it is on the same data with seed 1.
NOTEBOOK_COSTS = {1: 0.3078, 2: 0.1464, 15: 0.0427}
NOTEBOOK_ACCURACY = 0.9804


def main(precision: str | None) -> None:
    """Print the table."""
    dataset = load_dataset("mnist")
    rows = []
    for seed in range(1, 6):
        config = TrainConfig(seed=seed, precision=precision or "auto")
        found = None if precision else find_checkpoint(config)
        if found is None:
            model = build_model(config)
            history = []
            for result in train(config, dataset, model):
                history.append(result)
                print(f"seed {seed} epoch {result.epoch} cost {result.train_loss:.6f}", flush=True)
            checkpoint = make_checkpoint(config, dataset, model, history)
            if not precision:
                store_checkpoint(checkpoint)
        else:
            _, checkpoint = found
        costs = [checkpoint.history[epoch - 1].train_loss for epoch in NOTEBOOK_COSTS]
        seconds = statistics.median(result.seconds for result in checkpoint.history)
        rows.append((*costs, checkpoint.test_accuracy, seconds))

    print(f"\n{describe_machine()}, precision {precision or 'auto'}\n")
    print("| seed | cost, epoch 1 | epoch 2 | epoch 15 | test accuracy | seconds an epoch |")
    print("| --- | --- | --- | --- | --- | --- |")
    for seed, row in enumerate(rows, start=1):
        _print_row(str(seed), row)
    means = tuple(map(statistics.fmean, zip(*rows, strict=True)))
    _print_row("mean", means)
    print(
        "| notebook |", " | ".join(f"{cost:.4f}" for cost in NOTEBOOK_COSTS.values()), f"| {NOTEBOOK_ACCURACY:.4f} | |"
    )
    ratios = (mean / cost - 1 for mean, cost in zip(means, NOTEBOOK_COSTS.values(), strict=False))
    print(
        "| difference |", " | ".join(f"{ratio:+.1%}" for ratio in ratios), f"| {means[3] - NOTEBOOK_ACCURACY:+.4f} | |"
    )


def _print_row(name: str, row: tuple[float, ...]) -> None:
    *costs, accuracy, seconds = row
    print(f"| {name} |", " | ".join(f"{cost:.4f}" for cost in costs), f"| {accuracy:.4f} | {seconds:.1f} |")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
