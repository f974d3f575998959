"""Measure the time and memory that bad uploads take: the pictures and checkpoints of `tests/test_bad_input.py`.

Memory is the growth of the process's peak. Each kind of file has its own process.

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
    """Yield damaged versions of the default checkpoint."""
    data, source = (weights_folder() / (DEFAULT_NAME + SUFFIX)).read_bytes(), Random(1)
    while True:
        yield "checkpoint", test_bad_input.mutated(data, source)


def crafted_checkpoints() -> Iterator[tuple[str, bytes]]:
    """Yield files crafted from the default checkpoint."""
    return test_bad_input.odd_checkpoints((weights_folder() / (DEFAULT_NAME + SUFFIX)).read_bytes())


KINDS: dict[str, tuple[Callable[[], Iterator[tuple[str, bytes]]], Callable[[bytes], str]]] = {
    "odd pictures": (test_bad_input.odd_pictures, test_bad_input.check_picture),
    "damaged pictures": (test_bad_input.mutated_pictures, test_bad_input.check_picture),
    "crafted checkpoints": (crafted_checkpoints, test_bad_input.check_checkpoint),
    "damaged checkpoints": (checkpoint_mutations, test_bad_input.check_checkpoint),
}


def measure(kind: str) -> dict[str, object]:
    """Return the number of files of this kind, how many were read, and the time and memory they took."""
    warnings.simplefilter("ignore")
    make, check = KINDS[kind]
    check(next(iter(make()))[1])  # imports and loads what the others need, too
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
    """Print a table, and the same as JSON."""
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
