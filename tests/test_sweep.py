"""Sweeps with real worker processes, some of which die."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.measurements import Row
from dropout_mnist.experiments.results import EPOCHS, ResultsError, SweepResults, last_epochs, read_table, summarize
from dropout_mnist.experiments.sweep import Workers, cluster_workers, local_workers, make_grid, run_one, run_sweep

ROOT = Path(__file__).parents[1]
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


def test_worker_processes_train_and_every_epoch_is_a_row(tmp_path: Path) -> None:
    configs = make_grid(**TINY, drop_prob=[0.0, 0.5])
    results = SweepResults(tmp_path, ["surgery", "averaging"])
    failures = run_sweep(configs, ["surgery", "averaging"], results, local_workers(2))
    assert failures == {}
    table = read_table(tmp_path, EPOCHS)
    assert sorted(table["drop_prob"]) == [0, 0, 0.5, 0.5]
    assert sorted(table["epoch"]) == [1, 1, 2, 2]
    # Averaging is of thinned networks only, and its lack is no reason to run again.
    assert set(read_table(tmp_path, "averaging")["drop_prob"]) == {0.5}
    assert all(SweepResults(tmp_path, ["surgery", "averaging"]).has(config) for config in configs)


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


def test_a_run_whose_worker_is_killed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_MARK", str(tmp_path / "mark"))
    configs = make_grid(seed=[1, 2, 3, 4], epochs=[1])
    assert run_sweep(configs, [], SweepResults(tmp_path, []), local_workers(2), run=die_at_first) == {}
    assert (tmp_path / "mark").exists()
    assert sorted(read_table(tmp_path, EPOCHS)["seed"]) == [1, 2, 3, 4]


def test_a_run_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    configs = make_grid(seed=[1, 2, 3, 4], epochs=[1])
    failures = run_sweep(configs, [], SweepResults(tmp_path, []), local_workers(1), run=always_die)
    assert [config.seed for config in failures] == [2]
    assert sorted(read_table(tmp_path, EPOCHS)["seed"]) == [1, 3, 4]


def test_runs_survive_the_loss_of_a_worker_of_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_MARK", str(tmp_path / "mark"))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    file = tmp_path / "scheduler.json"
    quiet = ["--scheduler-file", str(file)]
    commands = [
        ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
        *[["worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"]] * 2,
    ]
    log = (tmp_path / "log").open("w")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + command, *rest, *quiet],
            env=environment,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
        for command, *rest in commands
    ]
    try:
        while not file.exists():
            assert processes[0].poll() is None, (tmp_path / "log").read_text()
        address = pd.read_json(file, typ="series")["address"]
        configs = make_grid(seed=[1, 2, 3, 4], epochs=[1])
        failures = run_sweep(
            configs, [], SweepResults(tmp_path, []), cluster_workers(address, len(configs)), run=die_at_first
        )
    finally:
        for process in processes:
            process.kill()
            process.wait()
        log.close()
    assert failures == {}
    assert (tmp_path / "mark").exists()
    assert sorted(read_table(tmp_path, EPOCHS)["seed"]) == [1, 2, 3, 4]


def test_table_that_is_none_is_refused(tmp_path: Path) -> None:
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
