"""Train the notebook's recipe with seeds 1 to 5 and print its costs and accuracies as a table.

Every run is stored in the weights folder, so the command resumes where it was interrupted. If a precision is given,
all runs are trained from scratch in that precision and are not stored.

usage: python -m benchmarks.five_seeds [fp32 | bf16]
"""

import statistics
import sys

from benchmarks.machine import describe_machine
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import find_checkpoint
from dropout_mnist.checkpoints.run import train_and_store
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.training import Training

# The results of the reference notebook, unchanged, on the same data with seed 1.
NOTEBOOK_COSTS = {1: 0.3078, 2: 0.1464, 15: 0.0427}
NOTEBOOK_ACCURACY = 0.9804


def main(precision: str | None) -> None:
    """Print the costs, accuracies and seconds of each seed, their means, and the difference from the notebook."""
    dataset = load_dataset("mnist")
    rows = []
    for seed in range(1, 6):
        config = TrainConfig(seed=seed, precision=precision or "auto")
        checkpoint = _train(config, dataset) if precision else _find_or_train(config, dataset)
        costs = [checkpoint.history[epoch - 1].train_loss for epoch in NOTEBOOK_COSTS]
        seconds = statistics.median(result.seconds for result in checkpoint.history)
        rows.append((*costs, checkpoint.test_accuracy, seconds))

    print(f"\n{describe_machine()}, precision {precision or 'auto'}\n")
    print("| seed | cost, epoch 1 | epoch 2 | epoch 15 | test accuracy | seconds per epoch |")
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


def _train(config: TrainConfig, dataset: Dataset) -> Checkpoint:
    training = Training(config, dataset)
    for result in training:
        _print_epoch(config, result)
    return training.checkpoint()


def _find_or_train(config: TrainConfig, dataset: Dataset) -> Checkpoint:
    if found := find_checkpoint(config):
        return found[1]
    outcome = train_and_store(config, dataset, on_epoch=lambda result: _print_epoch(config, result))
    assert outcome.checkpoint is not None, outcome.error
    return outcome.checkpoint


def _print_epoch(config: TrainConfig, result: EpochResult) -> None:
    print(f"seed {config.seed} epoch {result.epoch} cost {result.train_loss:.6f}", flush=True)


def _print_row(name: str, row: tuple[float, ...]) -> None:
    *costs, accuracy, seconds = row
    print(f"| {name} |", " | ".join(f"{cost:.4f}" for cost in costs), f"| {accuracy:.4f} | {seconds:.1f} |")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
