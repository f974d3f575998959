"""Sweeps: grids of training runs in worker processes or on a Dask cluster. An interrupted sweep can be resumed."""

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import torch

import dropout_mnist
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.experiments.measurements import MEASUREMENTS, Row
from dropout_mnist.experiments.results import EPOCHS, SweepResults
from dropout_mnist.hardware.machine import usable_cores
from dropout_mnist.train_step import inference_copy
from dropout_mnist.training import Training

if TYPE_CHECKING:  # Dask is optional
    from distributed import Client

# How often a run is tried in total if its worker process dies.
ATTEMPTS = 3

# A cluster that has no worker after this time is not waited for.
CLUSTER_TIMEOUT_SECONDS = 30

# Fresh processes: a fork would copy the state of torch's threads.
_SPAWN = multiprocessing.get_context("spawn")

P = ParamSpec("P")
T = TypeVar("T")


class WorkersError(Exception):
    """There are no workers that can execute the runs. The message says why and what to do."""


@dataclass(frozen=True)
class Workers:
    """Where runs are executed.

    Attributes:
        open_executor: returns a context manager that starts an executor and shuts it down.
        slots: the number of runs submitted to it at a time.
    """

    open_executor: Callable[[], AbstractContextManager[Executor]]
    slots: int


def make_grid(**choices: Sequence[Any]) -> list[TrainConfig]:
    """Return the configs of all combinations of settings; the last setting changes fastest.

    The recipe is the plain one unless `recipe` is among the settings.

    Raises:
        ValueError: a setting is out of range, or two settings exclude each other.
    """
    return [TrainConfig(**dict(zip(choices, values, strict=True))) for values in product(*choices.values())]


def distinct(configs: Iterable[TrainConfig]) -> list[TrainConfig]:
    """Return the configs without those that train like an earlier one."""
    first: dict[str, TrainConfig] = {}
    for config in configs:
        first.setdefault(config.name, config)
    return list(first.values())


def run_one(config: TrainConfig, measurements: Sequence[str]) -> dict[str, list[Row]]:
    """Train one network and measure it; return the rows of `epochs` and of each measurement, by table."""
    dataset = _dataset(config.dataset)
    training = Training(config, dataset)
    rows: dict[str, list[Row]] = {EPOCHS: [asdict(result) for result in training]}
    trained = inference_copy(training.model)
    return rows | {name: MEASUREMENTS[name](trained, config, dataset) for name in measurements}


def run_sweep(
    configs: Sequence[TrainConfig],
    measurements: Sequence[str],
    results: SweepResults,
    workers: Workers,
    on_end: Callable[[TrainConfig, str | None], None] = lambda config, failure: None,
    run: Callable[[TrainConfig, Sequence[str]], Mapping[str, list[Row]]] = run_one,
) -> dict[TrainConfig, str]:
    """Execute all runs that are not in the results yet, and add each one to the results when it ends.

    A run that fails does not stop the others. Other sweeps may write to the same results at the same time.

    Args:
        configs: one for each run; those that train alike are executed once.
        measurements: keys of `MEASUREMENTS`, taken of each trained network.
        results: where the rows are stored.
        workers: where the runs are executed.
        on_end: called after each run, with the reason if it failed, else None.
        run: the function that a worker calls; workers must be able to import it.

    Returns:
        the failed runs, with the reason.

    Raises:
        WorkersError: there are no workers that can execute the runs, or the connection to them is lost.
        ResultsError: another program has damaged the tables.
        OSError: the results cannot be written.
    """
    waiting = [config for config in distinct(configs) if not results.has(config)]
    attempts: Counter[TrainConfig] = Counter()
    failures: dict[TrainConfig, str] = {}
    if waiting:
        results.check_writable()
    while waiting:
        with workers.open_executor() as executor:
            for config, future in _execute(executor, waiting, workers.slots, run, measurements, results.has):
                if future is None:
                    on_end(config, None)
                    continue
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    attempts[config] += 1
                    if attempts[config] < ATTEMPTS:
                        waiting.append(config)
                        continue
                    failures[config] = (
                        f"its worker process died {ATTEMPTS} times, perhaps for lack of memory: use fewer workers"
                    )
                elif error is not None:
                    failures[config] = str(error) or type(error).__name__
                else:
                    results.add(config, future.result())
                on_end(config, failures.get(config))
    return failures


def _execute(
    executor: Executor,
    waiting: list[TrainConfig],
    slots: int,
    run: Callable[[TrainConfig, Sequence[str]], Mapping[str, list[Row]]],
    measurements: Sequence[str],
    is_done: Callable[[TrainConfig], bool],
) -> Iterator[tuple[TrainConfig, "Future[Mapping[str, list[Row]]] | None"]]:
    """Take runs off the list, `slots` at a time, and yield each with its future when it is done.

    A run that another sweep has done meanwhile has no future. The iteration ends when the list is empty or the executor
    is broken. Runs that were not started then stay on the list.
    """
    running: dict[Future[Mapping[str, list[Row]]], TrainConfig] = {}
    broken = False
    while running or (waiting and not broken):
        while waiting and not broken and len(running) < slots:
            config = waiting.pop(0)
            if is_done(config):
                yield config, None
                continue
            try:
                running[executor.submit(run, config, tuple(measurements))] = config
            except BrokenProcessPool:
                broken = True
                waiting.insert(0, config)
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            if future.cancelled():
                raise WorkersError(
                    "the connection to the workers is lost. The finished runs are kept: run the others again"
                )
            broken = broken or isinstance(future.exception(), BrokenProcessPool)
            yield running.pop(future), future


def local_workers(count: int) -> Workers:
    """Return `count` worker processes on this machine; they share the cores that this process may use.

    A single worker is this process itself where none can be started.

    Raises:
        WorkersError: several workers are wanted, and no process can be started here.
    """
    fault = find_process_fault()
    if fault is not None:
        if count > 1:
            raise WorkersError(f"{fault}, or use one worker, which is this process (--workers 1)")
        return Workers(_ThisProcess, slots=1)
    threads = max(1, usable_cores() // count)

    @contextmanager
    def open_executor() -> Iterator[Executor]:
        others = set(multiprocessing.active_children())
        with ProcessPoolExecutor(count, _SPAWN, _prepare_worker, (threads,)) as executor:
            try:
                yield executor
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                # Otherwise the end of the block waits for the active runs.
                for process in set(multiprocessing.active_children()) - others:
                    process.terminate()
                raise

    return Workers(open_executor, slots=count)


def find_process_fault(make_lock: Callable[[], object] = _SPAWN.Lock) -> str | None:
    """Return why no worker process can be started here, and the remedy; None if one can.

    Args:
        make_lock: makes a lock that processes share.
    """
    try:
        make_lock()
    except (ImportError, NotImplementedError, OSError) as error:
        return (
            f"worker processes need semaphores, which this system does not offer ({error}): on Linux, mount a writable "
            "tmpfs at /dev/shm"
        )
    return None


def cluster_workers(address: str, slots: int) -> Workers:
    """Return the workers of the Dask cluster whose scheduler is at `address`.

    The package and its data must be installed on the workers, and the package on the scheduler's machine. If a worker
    is lost, the scheduler gives its run to another one.

    Raises:
        WorkersError: Dask is not installed on this machine. When the executor is opened: there is no scheduler at this
            address, it has no workers, or one of them lacks this version of the package.
    """
    try:
        from distributed import Client
    except ImportError:
        raise WorkersError('--scheduler needs Dask: pip install "dropout-mnist[dask]"') from None

    @contextmanager
    def open_executor() -> Iterator[Executor]:
        try:
            client = Client(address, timeout=10)
        except (OSError, ValueError) as error:
            raise WorkersError(f"there is no Dask scheduler at {address}: {error}") from error
        with client:
            check_cluster(client, address)
            with client.get_executor(pure=False) as executor:
                try:
                    yield executor
                except BaseException:
                    # Otherwise the end of the block waits for the active runs.
                    executor.shutdown(wait=False)
                    raise

    return Workers(open_executor, slots)


def check_cluster(client: "Client", address: str, timeout: float = CLUSTER_TIMEOUT_SECONDS) -> None:
    """Check that a cluster has workers, and that all its machines have this version of the package.

    Args:
        client: connected to the scheduler.
        address: of the scheduler, for the messages.
        timeout: how long to wait for the first worker, in seconds.

    Raises:
        WorkersError: there are no workers, or one of the machines lacks the package or has another version.
    """
    try:
        client.wait_for_workers(1, timeout=timeout)
    except TimeoutError:
        raise WorkersError(
            f"the Dask scheduler at {address} has no workers: start some with `dask worker {address}`"
        ) from None

    # Dask sends the code of a function inside a function. Of any other it sends the name, which would have to be there.
    def find_versions() -> dict[str, str | None]:
        from importlib import import_module
        from importlib.util import find_spec

        try:
            version = import_module("dropout_mnist").__version__
        except (ImportError, AttributeError):
            version = None
        return {"dropout_mnist": version, "torch": "" if find_spec("torch") else None}

    workers = client.run(find_versions, on_error="return")
    answers = {f"the Dask worker {name}": answer for name, answer in workers.items()}
    answers[f"the Dask scheduler {address}"] = client.run_on_scheduler(find_versions)
    faults = [f"{place} {fault}" for place, answer in answers.items() if (fault := _find_version_fault(answer))]
    if faults:
        raise WorkersError(
            f"{'; '.join(faults)}. Install dropout-mnist {dropout_mnist.__version__} in the environment that runs it"
        )


def _find_version_fault(answer: object) -> str | None:
    if not isinstance(answer, dict):
        return f"cannot run this program's code ({answer!r})"
    if missing := [name for name, version in answer.items() if version is None]:
        return f"lacks the package {' and '.join(missing)}"
    if (version := answer["dropout_mnist"]) != dropout_mnist.__version__:
        return f"has dropout_mnist {version}, not {dropout_mnist.__version__}"
    return None


class _ThisProcess(Executor):
    """An executor that runs each call in this process, when it is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _prepare_worker(threads: int) -> None:
    # The main process handles an interruption; a worker just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    torch.set_num_threads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the end of the parent process and end this one, which would otherwise wait for work forever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@cache
def _dataset(name: str) -> Dataset:
    return load_dataset(name)
