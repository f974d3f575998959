"""Measure the shipped networks on corrupted test images of MNIST, and write measurements/corruptions.

usage: python -m benchmarks.corruptions
"""

from dataclasses import asdict
from pathlib import Path

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import SHIPPED_NAMES, SUFFIX
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.experiments.measurements import measure_corruptions
from dropout_mnist.experiments.results import EPOCHS, SweepResults
from dropout_mnist.storage.shipped import shipped_folder

FOLDER = Path("measurements/corruptions")


def main() -> None:
    """Write the tables of all shipped networks."""
    dataset = load_dataset("mnist")
    results = SweepResults(FOLDER, ["corruptions"])
    for name in SHIPPED_NAMES:
        checkpoint = Checkpoint.load(shipped_folder("weights") / (name + SUFFIX))
        rows = measure_corruptions(checkpoint.model, checkpoint.config, dataset)
        results.add(
            checkpoint.config,
            {EPOCHS: [asdict(epoch) for epoch in checkpoint.history], "corruptions": rows},
        )
        print(name, "done")


if __name__ == "__main__":
    main()
