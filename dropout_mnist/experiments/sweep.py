"""Sweeps: many trainings, in worker processes on this machine or on a Dask cluster, that survive an interruption."""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from itertools import product
from typing import Any

import torch

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.experiments.measurements import MEASUREMENTS, Row
from dropout_mnist.experiments.results import EPOCHS, SweepResults
from dropout_mnist.training import build_model, inference_copy, train

# A run whose worker process dies is tried so often in all.
ATTEMPTS = 3


@dataclass(frozen=True)
class Workers:
    """Where runs are done.

    Attributes:
        open_executor: begins the work of an executor, and ends it.
        slots: so many runs are given to it at a time.
    """

    open_executor: Callable[[], AbstractContextManager[Executor]]
    slots: int


def make_grid(**choices: Sequence[Any]) -> list[TrainConfig]:
    """Return the configs of all combinations, by the plain recipe unless told; the last setting changes fastest.

    Raises:
        ValueError: a combination makes no sense.
    """
    choices = {"recipe": [TrainConfig().recipe], **choices}
    return [TrainConfig.of_recipe(**dict(zip(choices, values, strict=True))) for values in product(*choices.values())]


def run_one(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
    """Train one network and measure it; return rows by table: the epochs', and those of each measurement."""
    dataset = _dataset(config.dataset)
    model = build_model(config)
    rows: dict[str, list[Row]] = {EPOCHS: [asdict(result) for result in train(config, dataset, model)]}
    trained = inference_copy(model)
    return rows | {name: MEASUREMENTS[name](trained, config, dataset) for name in measurements}


def run_sweep(
    configs: Sequence[TrainConfig],
    measurements: Sequence[str],
    results: SweepResults,
    workers: Workers,
    on_end: Callable[[TrainConfig, str | None], None] = lambda config, failure: None,
    run: Callable[[TrainConfig, Sequence[str]], Mapping[str, list[Row]]] = run_one,
) -> dict[TrainConfig, str]:
    """Do all runs that the results do not have yet, and add theirs as they end.

    Args:
        configs: the runs.
        measurements: names of `MEASUREMENTS`, done on each trained network.
        results: where the rows go.
        workers: who does the runs.
        on_end: called after each run, with the reason if it has failed.
        run: what a worker does; it must be importable there.

    Returns:
        the runs that failed, with the reason; the others went on.

    Raises:
        OSError: the results cannot be written.
    """
    waiting = [config for config in configs if not results.has(config)]
    attempts: Counter[TrainConfig] = Counter()
    failures: dict[TrainConfig, str] = {}
    while waiting:
        with workers.open_executor() as executor:
            for config, future in _work_off(executor, waiting, workers.slots, run, measurements):
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    attempts[config] += 1
                    if attempts[config] < ATTEMPTS:
                        waiting.append(config)
                        continue
                if error is not None:
                    failures[config] = str(error) or type(error).__name__
                else:
                    results.add(config, future.result())
                on_end(config, failures.get(config))
    return failures


def _work_off(
    executor: Executor,
    waiting: list[TrainConfig],
    slots: int,
    run: Callable[[TrainConfig, Sequence[str]], Mapping[str, list[Row]]],
    measurements: Sequence[str],
) -> Iterator[tuple[TrainConfig, "Future[Mapping[str, list[Row]]]"]]:
    """Take runs off the list, `slots` at a time, and yield each with its future when that is done.

    It ends when the list is empty, or when the executor has broken: then what was not begun is still on the list.
    """
    running: dict[Future[Mapping[str, list[Row]]], TrainConfig] = {}
    broken = False
    while running or (waiting and not broken):
        while waiting and not broken and len(running) < slots:
            config = waiting.pop(0)
            running[executor.submit(run, config, tuple(measurements))] = config
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            broken = broken or isinstance(future.exception(), BrokenProcessPool)
            yield running.pop(future), future


def local_workers(count: int) -> Workers:
    """Return so many worker processes on this machine, each with its share of the cores."""
    threads = max(1, (os.cpu_count() or 1) // count)

    @contextmanager
    def open_executor() -> Iterator[Executor]:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(count, context, _prepare_worker, (threads,)) as executor:
            try:
                yield executor
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise

    return Workers(open_executor, slots=count)


def cluster_workers(address: str, slots: int) -> Workers:
    """Return the workers of the Dask cluster whose scheduler is at `address`; they need this package and its data.

    A worker that is lost there is replaced by another one: that is the scheduler's business.

    Raises:
        ValueError: Dask is not installed here.
        OSError: nobody answers at this address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--scheduler needs Dask: pip install distributed") from None

    @contextmanager
    def open_executor() -> Iterator[Executor]:
        with Client(address, timeout=10) as client, client.get_executor(pure=False) as executor:
            yield executor

    return Workers(open_executor, slots)


def _prepare_worker(threads: int) -> None:
    # The main process says what an interruption means; a worker just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    torch.set_num_threads(threads)


@cache
def _dataset(name: str) -> Dataset:
    return load_dataset(name)
