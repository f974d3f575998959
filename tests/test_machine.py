"""Limits of containers, in made file systems."""

import os
from pathlib import Path

import pytest

from dropout_mnist.experiments.workers import WORKER_BYTES, plan_workers
from dropout_mnist.hardware.machine import Machine, cpu_quota, free_memory, usable_cores

UNLIMITED_V1 = "9223372036854771712"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        pytest.param({}, None, id="no cgroups"),
        pytest.param({"proc/self/cgroup": "0::/\n"}, None, id="no limits"),
        pytest.param(
            {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5, id="version 2, container"
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/slice/service\n",
                "sys/fs/cgroup/slice/cpu.max": "50000 100000\n",
                "sys/fs/cgroup/slice/service/cpu.max": "200000 100000\n",
            },
            0.5,
            id="version 2, the folder above is stricter",
        ),
        pytest.param(
            {"proc/self/cgroup": "0::/only/on/the/host\n", "sys/fs/cgroup/cpu.max": "300000 100000\n"},
            3,
            id="version 2, path of the host",
        ),
        pytest.param(
            {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None, id="version 2, no quota"
        ),
        pytest.param(
            {
                "proc/self/cgroup": "5:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us": "100000\n",
            },
            2,
            id="version 1",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
            id="version 1, no quota",
        ),
    ],
)
def test_cpu_quota_is_the_strictest_of_the_cgroups(tmp_path: Path, files: dict[str, str], quota: float | None) -> None:
    assert cpu_quota(write(tmp_path, files)) == quota


MEMINFO = {"proc/meminfo": "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n"}


@pytest.mark.parametrize(
    ("files", "free"),
    [
        pytest.param({}, None, id="unknown"),
        pytest.param(MEMINFO, 8_192_000_000, id="no cgroups"),
        pytest.param(
            MEMINFO
            | {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "3000000000\n",
                "sys/fs/cgroup/memory.high": "2000000000\n",
                "sys/fs/cgroup/memory.current": "1500000000\n",
                "sys/fs/cgroup/memory.stat": "anon 1000000000\ninactive_file 400000000\n",
            },
            900_000_000,
            id="version 2, without the cache that can be taken back",
        ),
        pytest.param(
            MEMINFO
            | {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "max\n",
                "sys/fs/cgroup/memory.high": "max\n",
                "sys/fs/cgroup/memory.current": "1500000000\n",
            },
            8_192_000_000,
            id="version 2, no limit",
        ),
        pytest.param(
            MEMINFO
            | {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "64000000000\n",
                "sys/fs/cgroup/memory.current": "1000000000\n",
            },
            8_192_000_000,
            id="the machine has less than the limit",
        ),
        pytest.param(
            MEMINFO
            | {
                "proc/self/cgroup": "4:memory:/docker/a\n",
                "sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes": "2000000000\n",
                "sys/fs/cgroup/memory/docker/a/memory.usage_in_bytes": "1500000000\n",
                "sys/fs/cgroup/memory/docker/a/memory.stat": "inactive_file 1\ntotal_inactive_file 100000000\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{UNLIMITED_V1}\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "9000000000\n",
            },
            600_000_000,
            id="version 1",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "1000\n",
                "sys/fs/cgroup/memory.current": "2000\n",
            },
            0,
            id="over the limit",
        ),
    ],
)
def test_free_memory_is_the_least_of_the_cgroups_and_the_machine(
    tmp_path: Path, files: dict[str, str], free: int | None
) -> None:
    assert free_memory(write(tmp_path, files)) == free


BIG = Machine(cores=8, all_cores=8, free_bytes=64 * 10**9)


@pytest.mark.parametrize(
    ("machine", "runs", "wanted", "count", "reason"),
    [
        (BIG, 100, None, 8, "one per core"),
        (BIG, 3, None, 3, "one per run"),
        (Machine(cores=1, all_cores=8, free_bytes=None), 100, None, 1, "this process may use 1 of 8 cores"),
        (Machine(cores=8, all_cores=8, free_bytes=2_500_000_000), 100, None, 2, "2.5 GB of memory are free"),
        (Machine(cores=8, all_cores=8, free_bytes=0), 100, None, 1, "0.0 GB of memory are free"),
        (BIG, 100, 20, 20, "as requested"),
        (BIG, 3, 20, 3, "as requested"),
        (Machine(cores=8, all_cores=8, free_bytes=2_500_000_000), 100, 4, 4, "if they fail, use fewer"),
    ],
)
def test_plan_gives_the_number_of_workers_and_the_reason(
    machine: Machine, runs: int, wanted: int | None, count: int, reason: str
) -> None:
    planned, said = plan_workers(machine, runs, wanted)
    assert planned == count
    assert reason in said


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="This system cannot bind a process to cores")
def test_cores_are_those_that_the_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        machine = Machine.inspect()
    finally:
        os.sched_setaffinity(0, allowed)
    assert machine.cores == 1
    assert machine.all_cores == os.cpu_count()


def test_this_machine_has_a_core_and_memory() -> None:
    machine = Machine.inspect()
    assert 1 <= machine.cores <= machine.all_cores
    assert machine.free_bytes is None or machine.free_bytes > WORKER_BYTES / 10


def test_quota_limits_the_usable_cores_to_whole_ones(tmp_path: Path) -> None:
    write(tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"})
    assert usable_cores(tmp_path, allowed=4) == 2
    write(tmp_path, {"sys/fs/cgroup/cpu.max": "10000 100000\n"})
    assert usable_cores(tmp_path, allowed=4) == 1
    write(tmp_path, {"sys/fs/cgroup/cpu.max": "max 100000\n"})
    assert usable_cores(tmp_path, allowed=4) == 4
