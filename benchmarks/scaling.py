"""Measure how the time and memory of a training run grow with images, batch size, layer width and threads.

Each point has its own process: one epoch to warm up, then the median of a few. The matrix products of a step take 6
floating-point operations per weight and image (2 forward, 4 backward). Where the operations per second stay the same,
arithmetic takes the time; where they fall, something else does.

usage: python -m benchmarks.scaling
"""

import json
import resource
import statistics
import subprocess
import sys
from itertools import pairwise
from typing import Any

import torch

from benchmarks.machine import describe_machine
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.shapes import CLASSES, INPUT_SIZE
from dropout_mnist.training import Training

EPOCHS = 4
THREADS = torch.get_num_threads()

POINTS: dict[str, list[dict[str, Any]]] = {
    "images": [{"train_size": size} for size in (3_750, 7_500, 15_000, 30_000, 60_000)],
    "batch size": [{"batch_size": size} for size in (25, 50, 100, 200, 400, 800)],
    "hidden width": [{"hidden_sizes": [width] * 4} for width in (128, 256, 512, 1_024, 2_048)],
    "threads": [{"threads": count} for count in sorted({1, 2, THREADS})],
}


def measure(point: dict[str, Any]) -> dict[str, float]:
    """Train in this process; return seconds per epoch, GFLOP/s and the growth of peak memory in MB."""
    torch.set_num_threads(point.pop("threads", THREADS))
    config = TrainConfig.from_dict({"precision": "fp32", "train_size": 15_000, "epochs": EPOCHS + 1, **point})
    dataset = load_dataset("mnist")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = statistics.median(result.seconds for result in list(Training(config, dataset))[1:])
    weights = sum(inputs * outputs for inputs, outputs in pairwise((INPUT_SIZE, *config.hidden_sizes, CLASSES)))
    images = (config.train_size or len(dataset.train)) // config.batch_size * config.batch_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "gflops": 6 * weights * images / seconds / 1e9, "added_mb": (peak - before) / 1024}


def main() -> None:
    """Print tables, and the same as JSON."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for title, points in POINTS.items():
        print(f"\n| {title} | seconds per epoch | GFLOP/s | added memory, MB |\n| --- | --- | --- | --- |")
        rows = tables[title] = []
        for point in points:
            command = [sys.executable, "-m", "benchmarks.scaling", json.dumps(point)]
            child = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append({**point, **json.loads(child.stdout)})
            [value] = point.values()
            name = value[0] if isinstance(value, list) else value
            seconds, speed, memory = rows[-1]["seconds"], rows[-1]["gflops"], rows[-1]["added_mb"]
            print(f"| {name:,} | {seconds:.2f} | {speed:.0f} | {memory:.0f} |", flush=True)
    print(json.dumps({"machine": describe_machine(), **tables}))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(json.loads(sys.argv[1]))))
    else:
        main()
