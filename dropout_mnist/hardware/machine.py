"""Find out what this process may use of the machine, or of its container: cores and memory."""

import math
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Machine:
    """What this process may use of the machine.

    Attributes:
        cores: the cores that this process may use.
        all_cores: the cores of the machine.
        free_bytes: the memory that this process and its children may still use, None if unknown.
    """

    cores: int
    all_cores: int
    free_bytes: int | None

    @classmethod
    def inspect(cls) -> Self:
        """Return what the machine this runs on offers at this moment."""
        cores = usable_cores()
        return cls(cores, max(cores, os.cpu_count() or 1), free_memory())


def usable_cores(root: Path = Path("/"), allowed: int | None = None) -> int:
    """Return the number of cores that this process may use: those it is bound to, and no more than its CPU quota.

    Args:
        root: of the file system.
        allowed: the number of cores that the process is bound to, None to ask the system.
    """
    cores, quota = allowed or _allowed_cores(), cpu_quota(root)
    return cores if quota is None else min(cores, max(1, math.ceil(quota)))


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Return the CPU quota of this process's cgroup, in cores; None if there is none.

    Args:
        root: of the file system.
    """
    quotas = []
    for folder in _cgroup_folders(root, "cpu"):
        numbers = _read_numbers(folder / "cpu.max") or [
            *_read_numbers(folder / "cpu.cfs_quota_us"),
            *_read_numbers(folder / "cpu.cfs_period_us"),
        ]
        # Version 1 says -1 for no quota.
        if len(numbers) == 2 and 0 < numbers[0] < math.inf and numbers[1] > 0:
            quotas.append(numbers[0] / numbers[1])
    return min(quotas, default=None)


def free_memory(root: Path = Path("/")) -> int | None:
    """Return the memory in bytes that this process's cgroup may still use and the machine has; None if unknown.

    Args:
        root: of the file system.
    """
    rooms: list[float] = []
    available = _read_values(root / "proc/meminfo").get("MemAvailable:")
    if available is not None:
        rooms.append(available * 1024)
    for folder in _cgroup_folders(root, "memory"):
        limits = [
            *_read_numbers(folder / "memory.max"),
            *_read_numbers(folder / "memory.high"),
            *_read_numbers(folder / "memory.limit_in_bytes"),
        ]
        used = [*_read_numbers(folder / "memory.current"), *_read_numbers(folder / "memory.usage_in_bytes")]
        if limits and used and min(limits) < math.inf:
            # The kernel takes back cached files that were not read lately.
            statistics = _read_values(folder / "memory.stat")
            reclaimable = statistics.get("total_inactive_file", statistics.get("inactive_file", 0))
            rooms.append(min(limits) - used[0] + reclaimable)
    return max(0, int(min(rooms))) if rooms else None


def _allowed_cores() -> int:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cgroup_folders(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of this process's cgroup and of all above it, whose limits apply as well.

    In a container the path of its own cgroup may be one that only the host has. Then the top folder is the container's.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        # Version 2 has one hierarchy, without a name; some systems mount it next to those of version 1.
        for mount in (controllers, controller) if controllers else ("", "unified"):
            top = root / "sys/fs/cgroup" / mount
            own = top / path.lstrip("/")
            yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(top))


def _read_numbers(path: Path) -> list[float]:
    """Return the numbers in a file, infinity for `max`; none if it cannot be read."""
    try:
        return [math.inf if word == "max" else float(word) for word in path.read_text().split()]
    except (OSError, ValueError):
        return []


def _read_values(path: Path) -> dict[str, int]:
    """Return the value of each name in a file with lines such as `MemAvailable: 12 kB`."""
    try:
        words = [line.split() for line in path.read_text().splitlines()]
        return {parts[0]: int(parts[1]) for parts in words if len(parts) > 1 and parts[1].isdecimal()}
    except OSError:
        return {}
