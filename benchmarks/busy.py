"""Measure training next to other work: alone, next to a busy loop, and next to a second training.

Each round measures every case in turn, with the number of threads chosen as usual and without. Medians are printed.

usage: python -m benchmarks.busy [ROUNDS]
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.machine import describe_machine

IMAGES, EPOCHS = 20_000, 3
_NO_CHOICE = """
from dropout_mnist.hardware import threads
import dropout_mnist.training
dropout_mnist.training.find_candidates = lambda compute: (threads.usable_threads(),)
"""
# The second training does not choose, like most other programs.
NEIGHBORS = {
    "alone": "",
    "next to a busy loop": "while True: pass",
    "next to a second training": f"""{_NO_CHOICE}
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import load_dataset
list(dropout_mnist.training.Training(TrainConfig(seed=2, epochs=1000), load_dataset("mnist")))
""",
}
# Everything that somebody waits for: the trial before the first step, the epochs, and the evaluations.
_MEASURE = f"""
import time
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.training import Training
dataset = load_dataset("mnist")
list(Training(TrainConfig(train_size=1000, epochs=1), dataset))
start = time.perf_counter()
list(Training(TrainConfig(train_size={IMAGES}, epochs={EPOCHS}), dataset))
print((time.perf_counter() - start) / {EPOCHS})
"""
VARIANTS = {"chosen": _MEASURE, "torch's number": _NO_CHOICE + _MEASURE}


@contextmanager
def neighbor(code: str) -> Iterator[None]:
    """Run another program at the same time."""
    if not code:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measure(code: str) -> float:
    """Return the seconds of an epoch of the measured program."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(result.stdout)


def main(rounds: int) -> None:
    """Print the table."""
    seconds: dict[tuple[str, str], list[float]] = {(name, next_to): [] for name in VARIANTS for next_to in NEIGHBORS}
    for _ in range(rounds):
        for next_to, other in NEIGHBORS.items():
            with neighbor(other):
                for name, code in VARIANTS.items():
                    seconds[name, next_to].append(measure(code))
    medians = {key: statistics.median(values) for key, values in seconds.items()}
    print(f"\n{describe_machine()}; seconds for {IMAGES:,} images and the evaluations after them\n")
    print(f"| threads | {' | '.join(NEIGHBORS)} |")
    print(f"| --- |{' --- |' * len(NEIGHBORS)}")
    for name in VARIANTS:
        print(f"| {name} | {' | '.join(f'{medians[name, next_to]:.2f}' for next_to in NEIGHBORS)} |")
    table = {name: {next_to: medians[name, next_to] for next_to in NEIGHBORS} for name in VARIANTS}
    print(json.dumps({"machine": describe_machine(), "seconds": table}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
