"""Make the shipped measurements again: all studies of `measurements/`, or those that are named.

What the tables already have is skipped, so the same command resumes an interrupted one. To make a study from scratch,
remove its folder, or give another `--output`. An estimate of the time comes first; with `--estimate`, nothing else.

usage: python -m benchmarks.measure [STUDY ...] [--output FOLDER] [--estimate]
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.machine import describe_machine
from dropout_mnist.checkpoints import folder as checkpoints
from dropout_mnist.cli import sweep
from dropout_mnist.cli.output import path_argument
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.experiments import doubt
from dropout_mnist.experiments.measurements import measure_corruptions
from dropout_mnist.experiments.results import EPOCHS, SweepResults, has_rows
from dropout_mnist.experiments.studies import DOUBT_SIZES, STUDIES, ensemble_configs
from dropout_mnist.experiments.sweep import distinct
from dropout_mnist.experiments.workers import plan_workers
from dropout_mnist.hardware.machine import Machine
from dropout_mnist.server.pace import PaceBook
from dropout_mnist.storage.files import check_writable
from dropout_mnist.train_step import inference_copy
from dropout_mnist.training import Training

# How many images each measurement answers for a network, thinned networks included.
ANSWERS = {
    "averaging": 4_000_000,
    "pruning": 800_000,
    "activations": 10_000,
    "corruptions": 360_000,
    "small": 600_000,
    "doubt": 330_000,
    "held_out": 10_000,
}


def main() -> int:
    """Make the measurements; return the exit code: 1 if runs failed, 2 if nothing can be written, 130 on Ctrl-C."""
    options = _parse_arguments()
    names: list[str] = options.studies or list(STUDIES)
    if not options.estimate:
        try:  # before the estimate, which takes a while
            check_writable(options.output / "epochs.csv")
        except OSError as error:
            print(f"measurements cannot be written: {error}", file=sys.stderr)
            return 2
    _print_estimate(names, options.output)
    if options.estimate:
        return 0
    try:
        codes = [_measure(name, options.output) for name in names]
    except KeyboardInterrupt:
        print("Interrupted. What is finished is kept; the same command makes the rest.", file=sys.stderr)
        return 130
    return max(codes)


def _print_estimate(names: Sequence[str], output: Path) -> None:
    """Print how long the studies take: each worker process of a sweep has a thread, and there is one for each core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    paces = PaceBook()
    seconds = {name: list(_estimate(name, output, paces)) for name in names}
    torch.set_num_threads(threads)
    seconds["all"] = [time for times in seconds.values() for time in times]
    workers, _reason = plan_workers(Machine.inspect(), len(seconds["all"]))
    for name, times in seconds.items():
        print(f"{name:<14}{len(times):4} runs {sum(times) / workers / 60:6.0f} min", file=sys.stderr)
    print(f"with {workers} at a time, on {describe_machine()}", file=sys.stderr)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"any of {', '.join(STUDIES)}; all by default")
    parser.add_argument("--output", type=path_argument, default=Path("measurements"), metavar="FOLDER")
    parser.add_argument("--estimate", action="store_true", help="print the estimate only")
    options = parser.parse_args()
    if unknown := [name for name in options.studies if name not in STUDIES]:
        parser.error(f"there is no study {unknown[0]!r}; there are {', '.join(STUDIES)}")
    return options


def _sweeps(name: str, output: Path) -> list[argparse.Namespace]:
    """Return the options of a study's sweeps, as `dropout-mnist sweep` parses them."""
    parser = argparse.ArgumentParser()
    sweep.add_parser(parser.add_subparsers())
    return [
        parser.parse_args(["sweep", *options.split(), "--output", str(output / name)])
        for options in STUDIES[name].sweeps
    ]


def _estimate(name: str, output: Path, paces: PaceBook) -> Iterator[float]:
    """Yield the seconds of each run of a study that the tables do not have."""
    for options in _sweeps(name, output):
        yield from _times(distinct(sweep.make_configs(options)), options.measure, output / name, paces)
    if name == "doubt":
        for size in DOUBT_SIZES:
            yield from _times(ensemble_configs(size), ["doubt"], output / name, paces)


def _times(configs: Sequence[TrainConfig], tables: Sequence[str], folder: Path, paces: PaceBook) -> Iterator[float]:
    results = SweepResults(folder, tables)
    for config in configs:
        if not results.has(config):
            pace = paces.measured(config)
            answers = sum(ANSWERS[table] for table in tables if has_rows(table, config))
            yield pace.seconds(config) + answers * pace.evaluate_seconds


def _measure(name: str, output: Path) -> int:
    print(f"\n{name}", file=sys.stderr, flush=True)
    code = 0
    for options in _sweeps(name, output):
        code = max(code, sweep.run(options))
        if code == 130:
            raise KeyboardInterrupt
    if name in MORE:
        MORE[name](output / name, load_dataset("mnist"))
    return code


def add_augmented(folder: Path, dataset: Dataset) -> None:
    """Measure the shipped network of the augmented recipe, which takes too long to train here, on corrupted images."""
    checkpoint = checkpoints.load(checkpoints.DEFAULT_NAME)
    results = SweepResults(folder, ["corruptions"])
    if not results.has(checkpoint.config):
        rows = measure_corruptions(checkpoint.model, checkpoint.config, dataset)
        results.add(checkpoint.config, {EPOCHS: [asdict(epoch) for epoch in checkpoint.history], "corruptions": rows})


def measure_doubt(folder: Path, dataset: Dataset) -> None:
    """Train the ensembles of the study `doubt` and measure how far their networks doubt digits and non-digits."""
    results = SweepResults(folder, ["doubt"])
    images = doubt.make_images(dataset.test)
    for size in DOUBT_SIZES:
        configs = ensemble_configs(size)
        if all(map(results.has, configs)):
            continue
        found, models = {}, []
        for config in configs:
            training = Training(config, dataset)
            epochs = [asdict(epoch) for epoch in training]
            models.append(inference_copy(training.model))
            found[config] = {EPOCHS: epochs, "doubt": doubt.measure_network(models[-1], config.drop_prob, images)}
            print(f"{config.name}: done", file=sys.stderr, flush=True)
        # The rows of the whole ensemble go to its first network.
        found[configs[0]]["doubt"] += doubt.measure_ensemble(models, images)
        for config, rows in found.items():
            results.add(config, rows)


# What no sweep can measure, by the study's name.
MORE = {"corruptions": add_augmented, "doubt": measure_doubt}


if __name__ == "__main__":
    sys.exit(main())
