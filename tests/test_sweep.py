"""Sweeps with real worker processes, some of which die."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from filelock import FileLock

import dropout_mnist
from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.measurements import Row
from dropout_mnist.experiments.results import (
    EPOCHS,
    ResultsError,
    SweepResults,
    last_epochs,
    measurements_folder,
    read_table,
    summarize,
)
from dropout_mnist.experiments.sweep import (
    Workers,
    WorkersError,
    check_cluster,
    cluster_workers,
    find_process_fault,
    local_workers,
    make_grid,
    run_one,
    run_sweep,
)

ROOT = Path(__file__).parents[1]
TIMEOUT = 120
TINY = {"dataset": ["digits"], "epochs": [2], "hidden_sizes": [(16,)], "train_size": [200]}


def fake_rows(config: TrainConfig) -> dict[str, list[Row]]:
    return {EPOCHS: [{"epoch": number, "test_accuracy": 0.5} for number in range(1, config.epochs + 1)]}


def run_fake(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
    if config.seed == 2:
        raise ValueError("seed 2 is unlucky")
    return fake_rows(config)


def die_at_first(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
    """Kill the worker process the first time that seed 2 is tried, as the machine does it that is out of memory."""
    mark = Path(os.environ["SWEEP_MARK"])
    if config.seed == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return fake_rows(config)


def always_die(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
    if config.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return fake_rows(config)


@contextmanager
def in_threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


THREADS = Workers(in_threads, slots=2)


def test_grid_has_every_combination() -> None:
    grid = make_grid(drop_prob=[0.0, 0.5], seed=[1, 2, 3])
    assert [(config.drop_prob, config.seed) for config in grid] == [*product([0, 0.5], [1, 2, 3])]
    with pytest.raises(ValueError, match="drop_prob"):
        make_grid(drop_prob=[1.5])


@pytest.mark.slow
def test_worker_processes_train_and_every_epoch_is_a_row(tmp_path: Path) -> None:
    configs = make_grid(**TINY, drop_prob=[0.0, 0.5])
    results = SweepResults(tmp_path, ["pruning", "averaging"])
    failures = run_sweep(configs, ["pruning", "averaging"], results, local_workers(2))
    assert failures == {}
    table = read_table(tmp_path, EPOCHS)
    # The settings, then what was measured.
    assert list(table.columns[:3]) == ["run", "recipe", "drop_prob"]
    measured = [
        "epoch",
        "train_loss",
        "eval_train_loss",
        "eval_train_accuracy",
        "test_loss",
        "test_accuracy",
        "seconds",
    ]
    assert [name for name in table.columns if name in measured] == measured
    assert sorted(table["drop_prob"]) == [0, 0, 0.5, 0.5]
    assert sorted(table["epoch"]) == [1, 1, 2, 2]
    # Averaging is of thinned networks only, and its lack is no reason to run again.
    assert set(read_table(tmp_path, "averaging")["drop_prob"]) == {0.5}
    assert all(SweepResults(tmp_path, ["pruning", "averaging"]).has(config) for config in configs)


@pytest.mark.slow
def test_a_worker_process_gives_what_this_one_does(tmp_path: Path) -> None:
    [config] = make_grid(**TINY, precision=["fp32"])
    run_sweep([config], [], SweepResults(tmp_path, []), local_workers(1))
    table = read_table(tmp_path, EPOCHS)
    for column in ("train_loss", "test_accuracy"):
        expected = [row[column] for row in run_one(config, [])[EPOCHS]]
        assert table[column].tolist() == pytest.approx(expected, rel=1e-3)


def test_finished_runs_are_skipped_and_a_failed_one_does_not_stop_the_rest(tmp_path: Path) -> None:
    configs = make_grid(seed=[1, 2, 3], epochs=[1])
    begun: list[int] = []

    def run(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
        begun.append(config.seed)
        return run_fake(config, measurements)

    ended: list[tuple[int, str | None]] = []
    failures = run_sweep(
        configs,
        [],
        SweepResults(tmp_path, []),
        THREADS,
        lambda config, failure: ended.append((config.seed, failure)),
        run,
    )
    assert {config.seed: reason for config, reason in failures.items()} == {2: "seed 2 is unlucky"}
    assert sorted(ended) == [(1, None), (2, "seed 2 is unlucky"), (3, None)]
    begun.clear()
    run_sweep(configs, [], SweepResults(tmp_path, []), THREADS, run=run)
    assert begun == [2]


@pytest.mark.slow
def test_a_run_whose_worker_is_killed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_MARK", str(tmp_path / "mark"))
    configs = make_grid(seed=[1, 2, 3, 4], epochs=[1])
    assert run_sweep(configs, [], SweepResults(tmp_path, []), local_workers(2), run=die_at_first) == {}
    assert (tmp_path / "mark").exists()
    assert sorted(read_table(tmp_path, EPOCHS)["seed"]) == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_run_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    configs = make_grid(seed=[1, 2, 3, 4], epochs=[1])
    failures = run_sweep(configs, [], SweepResults(tmp_path, []), local_workers(1), run=always_die)
    assert [config.seed for config in failures] == [2]
    assert "its worker process died 3 times" in next(iter(failures.values()))
    assert sorted(read_table(tmp_path, EPOCHS)["seed"]) == [1, 3, 4]


class Cluster:
    """A Dask scheduler and workers, in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._processes = folder, list[subprocess.Popen[bytes]]()
        self._file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", path=ROOT)
        deadline = time.monotonic() + TIMEOUT
        while not self._file.exists():
            assert self._processes[0].poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        self.address: str = json.loads(self._file.read_text())["address"]

    def start_worker(self, path: Path = ROOT) -> None:
        """Start a worker that imports the package from a folder."""
        self._start("worker", "--nthreads", "1", "--no-nanny", path=path)

    def _start(self, program: str, *options: str, path: Path) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", "--no-dashboard", *options]
        with (self._folder / "log").open("a") as log:
            process = subprocess.Popen(
                [*command, "--scheduler-file", str(self._file)],
                env=os.environ | {"PYTHONPATH": str(path)},
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


@pytest.mark.slow
def test_runs_survive_the_loss_of_a_worker_of_a_cluster(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEP_MARK", str(tmp_path / "mark"))
    for _ in range(2):
        cluster.start_worker()
    configs = make_grid(seed=[1, 2, 3, 4], epochs=[1])
    workers = cluster_workers(cluster.address, len(configs))
    assert run_sweep(configs, [], SweepResults(tmp_path, []), workers, run=die_at_first) == {}
    assert (tmp_path / "mark").exists()
    assert sorted(read_table(tmp_path, EPOCHS)["seed"]) == [1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "expected_error"),
    [
        ("raise ImportError", r"the Dask worker tcp://\S+ lacks the package dropout_mnist\. Install"),
        ("__version__ = '0.0.1'", r"the Dask worker tcp://\S+ has dropout_mnist 0\.0\.1, not \d"),
    ],
    ids=["without the package", "other version"],
)
def test_worker_of_a_cluster_that_cannot_run_this_program_is_named(
    cluster: Cluster, tmp_path: Path, package: str, expected_error: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "dropout_mnist.py").write_text(package)
    cluster.start_worker(path=tmp_path / "elsewhere")
    with pytest.raises(WorkersError, match=expected_error):
        run_sweep(make_grid(seed=[1]), [], SweepResults(tmp_path, []), cluster_workers(cluster.address, 1))


@dataclass
class FakeClient:
    """A client of a Dask cluster, whose machines answer this."""

    workers: dict[str, object]
    scheduler: object

    def wait_for_workers(self, count: int, timeout: float) -> None:
        if len(self.workers) < count:
            raise TimeoutError

    def run(self, function: object, on_error: str) -> dict[str, object]:
        return self.workers

    def run_on_scheduler(self, function: object) -> object:
        return self.scheduler


HAS_ALL = {"dropout_mnist": dropout_mnist.__version__, "torch": ""}


@pytest.mark.parametrize(
    ("workers", "scheduler", "expected_error"),
    [
        ({}, HAS_ALL, "the Dask scheduler at tcp://here:1 has no workers: start some with `dask worker tcp://here:1`"),
        (
            {"tcp://a:1": HAS_ALL, "tcp://b:2": HAS_ALL | {"dropout_mnist": None}},
            HAS_ALL,
            "the Dask worker tcp://b:2 lacks the package dropout_mnist",
        ),
        ({"tcp://a:1": {"dropout_mnist": None, "torch": None}}, HAS_ALL, "lacks the package dropout_mnist and torch"),
        ({"tcp://a:1": HAS_ALL | {"dropout_mnist": "0.0.1"}}, HAS_ALL, "tcp://a:1 has dropout_mnist 0.0.1, not"),
        ({"tcp://a:1": SystemError("unknown opcode")}, HAS_ALL, "tcp://a:1 cannot run this program's code"),
        ({"tcp://a:1": HAS_ALL}, HAS_ALL | {"torch": None}, "the Dask scheduler tcp://here:1 lacks the package torch"),
    ],
)
def test_cluster_without_the_package_is_refused(
    workers: dict[str, object], scheduler: object, expected_error: str
) -> None:
    with pytest.raises(WorkersError, match=re.escape(expected_error)):
        check_cluster(FakeClient(workers, scheduler), "tcp://here:1")


def test_cluster_with_the_package_is_accepted() -> None:
    check_cluster(FakeClient({"tcp://a:1": HAS_ALL, "tcp://b:2": HAS_ALL}, HAS_ALL), "tcp://here:1")


def test_lost_connection_to_the_workers_is_an_error(tmp_path: Path) -> None:
    class Lost(Executor):
        def submit(self, *_: object) -> "Future[Any]":  # type: ignore[override]
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(WorkersError, match="the connection to the workers is lost"):
        run_sweep(make_grid(seed=[1]), [], SweepResults(tmp_path, []), Workers(Lost, slots=1))


def test_sweeps_that_share_their_tables_keep_all_rows(tmp_path: Path) -> None:
    first, second = SweepResults(tmp_path, []), SweepResults(tmp_path, [])
    for config in make_grid(seed=[1, 2, 3]):
        first.add(config, fake_rows(config))
    for config in make_grid(seed=[11, 12, 13]):
        second.add(config, fake_rows(config))
    assert set(read_table(tmp_path, EPOCHS)["seed"]) == {1, 2, 3, 11, 12, 13}
    assert all(second.has(config) for config in make_grid(seed=[1, 2, 3]))


def test_rows_that_are_added_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    def add(seed: int) -> None:
        [config] = make_grid(seed=[seed], epochs=[1])
        SweepResults(tmp_path, []).add(config, fake_rows(config))

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(add, range(24)))
    assert sorted(read_table(tmp_path, EPOCHS)["seed"]) == list(range(24))


def test_table_that_stays_locked_is_an_error(tmp_path: Path) -> None:
    [config] = make_grid(seed=[1])
    with FileLock(tmp_path / ".lock"), pytest.raises(TimeoutError, match=r"\.lock locked for 0\.1 seconds"):
        SweepResults(tmp_path, [], lock_timeout=0.1).add(config, fake_rows(config))


def test_run_that_another_sweep_has_done_is_not_repeated(tmp_path: Path) -> None:
    begun, ended = list[int](), list[int]()

    def run(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
        begun.append(config.seed)
        [other] = make_grid(seed=[config.seed + 1], epochs=[1])
        SweepResults(tmp_path, []).add(other, fake_rows(other))
        return fake_rows(config)

    @contextmanager
    def in_a_thread() -> Iterator[Executor]:
        with ThreadPoolExecutor(1) as executor:
            yield executor

    configs = make_grid(seed=[1, 2, 3, 4], epochs=[1])
    workers = Workers(in_a_thread, slots=1)
    run_sweep(configs, [], SweepResults(tmp_path, []), workers, lambda config, _: ended.append(config.seed), run)
    assert begun == [1, 3]
    assert ended == [1, 2, 3, 4]


def test_runs_that_train_alike_are_executed_once(tmp_path: Path) -> None:
    begun = list[int]()

    def run(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
        begun.append(config.seed)
        return fake_rows(config)

    configs = [*make_grid(seed=[3, 3, 3], epochs=[1]), *make_grid(seed=[3], epochs=[1], device=["cpu", "auto"])]
    assert run_sweep(configs, [], SweepResults(tmp_path, []), THREADS, run=run) == {}
    assert begun == [3]


def test_nothing_is_trained_if_the_results_cannot_be_written(tmp_path: Path) -> None:
    def run(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
        raise AssertionError

    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        run_sweep(make_grid(seed=[1]), [], SweepResults(tmp_path / "file" / "results", []), THREADS, run=run)


def no_lock() -> None:
    raise FileNotFoundError(2, "No such file or directory")


def test_missing_semaphores_are_explained() -> None:
    assert find_process_fault() is None
    fault = find_process_fault(no_lock)
    assert fault is not None
    assert "No such file or directory" in fault
    assert "/dev/shm" in fault  # noqa: S108


# Run first by every Python process with this folder in PYTHONPATH.
NO_SEMAPHORES = """
import _multiprocessing

class SemLock:
    SEM_VALUE_MAX = 1

    def __init__(self, *_, **__):
        raise FileNotFoundError(2, "No such file or directory")

_multiprocessing.SemLock = SemLock
"""


def sweep_in_a_process(*options: str, path: Path = ROOT, prefix: Sequence[str] = ()) -> "subprocess.Popen[str]":
    """Start a sweep of the bundled digits."""
    program = [*prefix, sys.executable, "-m", "dropout_mnist", "sweep", "--dataset", "digits", "--train-size", "200"]
    return subprocess.Popen(
        [*program, *options],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(path), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("workers", [None, 1, 2])
def test_one_worker_is_enough_where_no_process_can_be_started(tmp_path: Path, workers: int | None) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_SEMAPHORES)
    options = ["--workers", str(workers)] if workers else []
    process = sweep_in_a_process(
        "--epochs", "1", "--seeds", "1", "2", "--output", str(tmp_path / "out"), *options, path=tmp_path
    )
    _, messages = process.communicate(timeout=TIMEOUT)
    if workers == 2:
        assert process.returncode == 2
        assert messages.splitlines()[-1].startswith("dropout-mnist: worker processes need semaphores")
        assert "--workers 1" in messages
    else:
        assert process.returncode == 0, messages
        assert sorted(read_table(tmp_path / "out", EPOCHS)["seed"]) == [1, 2]
    assert ("/dev/shm" in messages) == (workers != 1)  # noqa: S108


@pytest.mark.slow
def test_concurrent_sweeps_keep_their_rows(tmp_path: Path) -> None:
    options = ("--epochs", "1", "--workers", "1", "--output", str(tmp_path))
    sweeps = [sweep_in_a_process(*options, "--seeds", *seeds) for seeds in (["1", "2", "2"], ["11", "12"])]
    for process in sweeps:
        out, messages = process.communicate(timeout=2 * TIMEOUT)
        assert process.returncode == 0, messages
        assert out.count(": done") == 2
    assert sorted(read_table(tmp_path, EPOCHS)["seed"]) == [1, 2, 11, 12]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("taskset"), reason="There is no taskset")
def test_sweep_starts_a_worker_per_usable_core_and_says_why(tmp_path: Path) -> None:
    core = str(min(os.sched_getaffinity(0)))
    process = sweep_in_a_process(
        "--epochs", "1", "--seeds", "1", "2", "--output", str(tmp_path), prefix=["taskset", "-c", core]
    )
    _, messages = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    cores = os.cpu_count() or 1
    reason = "one per core" if cores == 1 else f"this process may use 1 of {cores} cores"
    assert messages.splitlines() == ["2 runs, 0 of them already done", f"1 worker: {reason}"]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_sweep(tmp_path: Path, number: signal.Signals) -> None:
    process = sweep_in_a_process("--epochs", "1000", "--workers", "2", "--seeds", "1", "2", "--output", str(tmp_path))
    parent = psutil.Process(process.pid)
    # A worker has a second thread once it is prepared.
    wait_until(
        lambda: sum(child.num_threads() > 1 for child in parent.children() if "spawn_main" in str(child.cmdline())) == 2
    )
    children = parent.children()
    time.sleep(1)
    begun = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=TIMEOUT)
    wait_until(lambda: not any(child.is_running() for child in children))
    assert time.monotonic() - begun < 30
    assert process.returncode == (130 if number == signal.SIGINT else -number)


def test_file_that_is_not_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "epochs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ResultsError, match="no column 'run'"):
        SweepResults(tmp_path, [])
    (tmp_path / "epochs.csv").write_bytes(b"\x00\xff\xfe" * 100)
    with pytest.raises(ResultsError, match=r"epochs\.csv"):
        SweepResults(tmp_path, [])


def test_summary_gives_mean_and_standard_error() -> None:
    table = pd.DataFrame({"drop_prob": [0, 0, 0, 0.5], "error": [0.01, 0.02, 0.03, 0.5]})
    summary = summarize(table, ["drop_prob"], "error").to_dict("records")
    assert summary[0] == pytest.approx({"drop_prob": 0, "mean": 0.02, "standard_error": 0.01 / 3**0.5, "runs": 3})
    assert summary[1]["runs"] == 1
    assert pd.isna(summary[1]["standard_error"])


def test_last_epochs_are_one_row_a_run() -> None:
    table = pd.DataFrame({"run": ["a", "a", "b"], "epochs": [2, 2, 1], "epoch": [1, 2, 1], "value": [0, 1, 2]})
    assert last_epochs(table)["value"].tolist() == [1, 2]


def test_tilde_of_the_measurements_folder_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DROPOUT_MNIST_MEASUREMENTS", "~/mine")
    assert measurements_folder() == tmp_path / "mine"
