"""Time and memory that bad uploads take: the pictures and checkpoints of `tests/test_bad_input.py`.

Memory is how much the process' peak grows, each kind in a process of its own.

usage: python -m benchmarks.bad_input
"""

import json
import resource
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from time import perf_counter

from benchmarks.machine import describe_machine
from dropout_mnist.checkpoints.folder import DEFAULT_NAME, SUFFIX, weights_folder
from tests import test_bad_input

MUTATIONS = 600


def checkpoint_mutations() -> Iterator[tuple[str, bytes]]:
    """Yield damaged forms of the shipped default."""
    data, source = (weights_folder() / (DEFAULT_NAME + SUFFIX)).read_bytes(), Random(1)
    while True:
        yield "checkpoint", test_bad_input.mutated(data, source)


def crafted_checkpoints() -> Iterator[tuple[str, bytes]]:
    """Yield crafted files, made of the shipped default."""
    return test_bad_input.odd_checkpoints((weights_folder() / (DEFAULT_NAME + SUFFIX)).read_bytes())


KINDS: dict[str, tuple[Callable[[], Iterator[tuple[str, bytes]]], Callable[[bytes], str]]] = {
    "odd pictures": (test_bad_input.odd_pictures, test_bad_input.check_picture),
    "damaged pictures": (test_bad_input.mutated_pictures, test_bad_input.check_picture),
    "crafted checkpoints": (crafted_checkpoints, test_bad_input.check_checkpoint),
    "damaged checkpoints": (checkpoint_mutations, test_bad_input.check_checkpoint),
}


def measure(kind: str) -> dict[str, object]:
    """Return how many files there were, how many were read, and what they took."""
    warnings.simplefilter("ignore")
    make, check = KINDS[kind]
    check(next(iter(make()))[1])  # loads what is loaded once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, read, slowest = [], 0, ""
    for name, data in islice(make(), MUTATIONS):
        begin = perf_counter()
        read += check(data) in ("answered", "read")
        seconds.append(perf_counter() - begin)
        slowest = name if seconds[-1] == max(seconds) else slowest
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "files": len(seconds),
        "read": read,
        "median_ms": statistics.median(seconds) * 1000,
        "slowest_ms": max(seconds) * 1000,
        "slowest": slowest,
        "grown_mb": grown / 1024,
    }


def main() -> None:
    """Print the table, and the same as JSON."""
    print("| kind | files | read | median ms | slowest ms | memory MB |\n| --- | --- | --- | --- | --- | --- |")
    rows = {}
    for kind in KINDS:
        command = [sys.executable, "-m", "benchmarks.bad_input", kind]
        row = rows[kind] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(
            f"| {kind} | {row['files']} | {row['read']} | {row['median_ms']:.0f} | {row['slowest_ms']:.0f} "
            f"({row['slowest']}) | {row['grown_mb']:.0f} |",
            flush=True,
        )
    print(json.dumps({"machine": describe_machine(), **rows}))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
