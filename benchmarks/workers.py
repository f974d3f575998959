"""Measure the runs per hour of a sweep for each number of worker processes on this machine.

A run is the notebook's recipe with 15 epochs. Short runs of 2 and of 4 epochs are timed, which separates the cost of
starting from that of an epoch. More workers than cores gain nothing, so they are not tried.

usage: python -m benchmarks.workers
"""

import json
import os
import subprocess
import sys
import tempfile
from time import perf_counter

from benchmarks.machine import describe_machine

RUNS = 4
FEW, MORE, WHOLE = 2, 4, 15


def time_sweep(workers: int, epochs: int) -> float:
    """Return the seconds of a sweep of `RUNS` runs."""
    seeds = [str(seed) for seed in range(1, RUNS + 1)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "dropout_mnist", "sweep", "--output", folder, "--epochs", str(epochs)]
        begin = perf_counter()
        subprocess.run([*command, "--workers", str(workers), "--seeds", *seeds], check=True, capture_output=True)
        return perf_counter() - begin


def main() -> None:
    """Print a table, and the same as JSON."""
    rows = []
    print("| workers | seconds to start | seconds per epoch | runs per hour |\n| --- | --- | --- | --- |")
    for workers in range(1, (os.cpu_count() or 1) + 1):
        few, more = time_sweep(workers, FEW), time_sweep(workers, MORE)
        # Wall-clock time per trained epoch, all workers together.
        epoch = (more - few) / (MORE - FEW) / RUNS
        start = few - epoch * FEW * RUNS
        rows.append({"workers": workers, "start": start, "epoch": epoch, "runs_an_hour": 3600 / (epoch * WHOLE)})
        print(f"| {workers} | {start:.1f} | {epoch:.2f} | {rows[-1]['runs_an_hour']:.0f} |", flush=True)
    print(json.dumps({"machine": describe_machine(), "workers": rows}))


if __name__ == "__main__":
    main()
