"""Measure training next to other work: seconds for 20,000 images, alone and next to one busy loop, in turn.

usage: python -m benchmarks.busy [ROUNDS]
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.machine import describe_machine

IMAGES = 20_000
# Each measurement is a process of its own, because libraries read these variables when they are loaded.
VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    "chosen during the run": ("", {}),
    "all": ("training.find_thread_counts = lambda config: (torch.get_num_threads(),)", {"MKL_CBWR": "AUTO"}),
    "one": ("", {"OMP_NUM_THREADS": "1"}),
}
_MEASURE = f"""
import torch
from dropout_mnist import training
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import load_dataset
{{change}}
results = list(training.Training(TrainConfig(train_size={IMAGES}, epochs=3), load_dataset("mnist")))
print(min(result.seconds for result in results[1:]))
"""


@contextmanager
def busy_loop(count: int) -> Iterator[None]:
    """Keep this many cores busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measure(change: str, variables: dict[str, str], loops: int) -> float:
    """Return the seconds of the faster of two epochs, after one to warm up."""
    with busy_loop(loops):
        result = subprocess.run(
            [sys.executable, "-c", _MEASURE.replace("{change}", change)],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | variables,
        )
    return float(result.stdout)


def main(rounds: int) -> None:
    """Print the table."""
    seconds: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in VARIANTS}
    for _ in range(rounds):
        for name, (change, variables) in VARIANTS.items():
            for loops in (0, 1):
                seconds[name][loops].append(measure(change, variables, loops))
    print(f"\n{describe_machine()}, {IMAGES:,} images\n")
    print("| threads | seconds alone | next to a busy loop | ratio |")
    print("| --- | --- | --- | --- |")
    table = {}
    for name, (alone, busy) in seconds.items():
        ratio = statistics.median(one / other for one, other in zip(busy, alone, strict=True))
        table[name] = {"alone": statistics.median(alone), "busy": statistics.median(busy), "ratio": ratio}
        print(f"| {name} | {table[name]['alone']:.2f} | {table[name]['busy']:.2f} | {ratio:.2f} |")
    print(json.dumps({"machine": describe_machine(), "seconds": table}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
