"""Decide how many worker processes a sweep starts on this machine."""

import math

from dropout_mnist.hardware.machine import Machine

# The peak of a worker that trains on MNIST with the default layers and takes all measurements, rounded up.
WORKER_BYTES = 10**9


def plan_workers(machine: Machine, runs: int, wanted: int | None = None) -> tuple[int, str]:
    """Choose the number of worker processes.

    Args:
        machine: where they run.
        runs: the number of runs; more workers than that have nothing to do.
        wanted: use this many, whatever the machine offers; by default one per usable core, if the memory suffices.

    Returns:
        the number, at least 1, and the reason for it in words.
    """
    room = math.inf if machine.free_bytes is None else machine.free_bytes // WORKER_BYTES
    memory = f"{(machine.free_bytes or 0) / 1e9:.1f} GB of memory are free, and a worker takes about 1 GB"
    if wanted is not None:
        count = max(1, min(wanted, runs))
        return count, f"{memory}: if they fail, use fewer" if count > room else "as requested"
    limits = [(runs, "one per run"), (machine.cores, _describe_cores(machine)), (room, memory)]
    least, reason = min(limits, key=lambda limit: limit[0])
    return max(1, int(least)), reason


def _describe_cores(machine: Machine) -> str:
    if machine.cores == machine.all_cores:
        return "one per core"
    return f"this process may use {machine.cores} of {machine.all_cores} cores"
