"""`sweep`: train a grid of networks and write tables of results."""

import argparse
from time import monotonic
from typing import Any

from dropout_mnist.cli.options import add_settings, chosen_settings
from dropout_mnist.cli.output import (
    DownloadBar,
    one_line,
    path_argument,
    print_error,
    print_json,
    print_line,
    print_note,
)
from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.experiments.measurements import MEASUREMENTS
from dropout_mnist.experiments.results import SweepResults
from dropout_mnist.experiments.sweep import (
    Workers,
    cluster_workers,
    distinct,
    find_process_fault,
    local_workers,
    make_grid,
    run_sweep,
)
from dropout_mnist.experiments.workers import plan_workers
from dropout_mnist.hardware.machine import Machine

# These options take one value or more, and the sweep runs all combinations.
_SEVERAL = (
    "drop_prob",
    "dropout_kind",
    "first_dropout_epoch",
    "last_dropout_epoch",
    "hidden_sizes",
    "train_size",
    "label_noise",
    "weight_decay",
)


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "sweep",
        help="train a grid of networks and write tables of results",
        description="Train a network for each combination of the settings. Runs that the tables in the output folder "
        "already have are skipped, so the same command resumes an interrupted sweep. Several sweeps may write to the "
        "same folder at the same time.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add(
        "--output",
        type=path_argument,
        required=True,
        metavar="FOLDER",
        help="write the tables to this folder: epochs.csv, and one for each measurement",
    )
    add_settings(parser, [name for name in SETTINGS if name not in ("seed", "repeats", "device")], several=_SEVERAL)
    seed = SETTINGS["seed"]
    add(
        "--seeds",
        type=int,
        nargs="+",
        default=[seed.default],
        metavar="SEED",
        help=f"train a network with each of these seeds (default: {seed.default})",
    )
    add(
        "--equal-steps",
        action="store_true",
        help="repeat few training images so often that every run makes as many steps as with all of them",
    )
    add(
        "--measure",
        nargs="+",
        choices=MEASUREMENTS,
        default=[],
        metavar="NAME",
        help=f"measure each trained network; any of {', '.join(MEASUREMENTS)}",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="train in this many processes (default: one per core, fewer if memory is short)",
    )
    add("--scheduler", metavar="ADDRESS", help="train on the Dask cluster of this scheduler instead")
    add("--json", action="store_true", help="print a JSON object for each run")


def run(options: argparse.Namespace) -> int:
    """Run the sweep and return the exit code: 1 if some runs failed, 130 if it was interrupted."""
    if options.workers is not None and options.workers < 1:
        raise ValueError(f"--workers must be at least 1, not {options.workers}")
    if options.output.exists() and not options.output.is_dir():
        raise ValueError(f"--output must name a folder, and {options.output} is a file")
    configs = distinct(make_configs(options))
    measurements = tuple(dict.fromkeys(options.measure))
    results = SweepResults(options.output, measurements)
    begun = monotonic()
    left = sum(not results.has(config) for config in configs)
    total, done = left, 0
    print_note(f"{_count(len(configs), 'run')}, {len(configs) - left} of them already done")
    if not total:
        return 0

    def report(config: TrainConfig, failure: str | None) -> None:
        nonlocal left, done
        left, done = left - 1, done + 1
        minutes = (monotonic() - begun) / done * left / 60
        if options.json:
            print_json({"run": config.name, "failure": failure, "left": left})
        else:
            print_line(f"{config.name}: {one_line(failure or 'done')} ({done} of {total}, {minutes:.0f} min left)")

    try:
        failures = run_sweep(configs, measurements, results, _workers(options, total), report)
    except KeyboardInterrupt:
        print_error("Interrupted. The finished runs are kept; the same command trains the others.")
        return 130
    for config, failure in failures.items():
        print_error(f"{config.name} failed: {failure}")
    return 1 if failures else 0


def make_configs(options: argparse.Namespace) -> list[TrainConfig]:
    """Return the configs of the grid that the command line describes; the data set is loaded for its size."""
    settings = chosen_settings(options)
    choices = {name: value if name in _SEVERAL else [value] for name, value in settings.items()}
    sizes = choices.pop("train_size", [None])
    with DownloadBar() as bar:
        available = len(load_dataset(settings.get("dataset", SETTINGS["dataset"].default), bar.report).train)
    return [
        config
        for size in sizes
        for config in make_grid(
            **choices,
            train_size=[size],
            repeats=[max(1, available // size) if options.equal_steps and size else 1],
            seed=options.seeds,
        )
    ]


def _workers(options: argparse.Namespace, runs: int) -> Workers:
    if options.scheduler:
        return cluster_workers(options.scheduler, slots=runs)
    fault = find_process_fault() if options.workers is None else None
    count, reason = (1, fault) if fault else plan_workers(Machine.inspect(), runs, options.workers)
    workers = local_workers(count)
    print_note(f"{_count(count, 'worker')}: {reason}")
    return workers


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
