"""`sweep`: train a grid of networks and write tables of results."""

import argparse
import os
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from dropout_mnist.cli.options import add_settings, chosen_settings
from dropout_mnist.cli.output import DownloadBar, print_error, print_json, print_line
from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.experiments.measurements import MEASUREMENTS
from dropout_mnist.experiments.results import SweepResults
from dropout_mnist.experiments.sweep import Workers, cluster_workers, local_workers, make_grid, run_sweep

# These options take one value or more, and the sweep runs all combinations.
_SEVERAL = ("drop_prob", "train_size", "hidden_sizes")


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "sweep",
        help="train a grid of networks and write tables of results",
        description="Train a network for each combination of the settings. Runs that the tables in the output folder "
        "already have are skipped, so the same command resumes an interrupted sweep.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("--output", type=Path, required=True, metavar="FOLDER", help="of the tables: epochs.csv and others")
    add_settings(parser, [name for name in SETTINGS if name not in ("seed", "repeats", "device")], several=_SEVERAL)
    seed = SETTINGS["seed"]
    add("--seeds", type=int, nargs="+", default=[seed.default], metavar="SEED", help=f"(default: {seed.default})")
    add(
        "--equal-steps",
        action="store_true",
        help="repeat few training images so often that every run makes as many steps as with all of them",
    )
    add("--measure", nargs="+", choices=MEASUREMENTS, default=[], help="on each trained network, a table each")
    add("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: one per core)")
    add("--scheduler", metavar="ADDRESS", help="run on the Dask cluster of this scheduler")
    add("--json", action="store_true", help="print a JSON object for each run")


def run(options: argparse.Namespace) -> int:
    """Run the sweep and return the exit code: 1 if some runs failed."""
    if options.workers < 1:
        raise ValueError(f"--workers must be at least 1, not {options.workers}")
    configs = _make_configs(options)
    results = SweepResults(options.output, options.measure)
    begun = monotonic()
    left = sum(not results.has(config) for config in configs)
    total, done = left, 0
    print(f"{len(configs)} runs, {len(configs) - left} of them already done", file=sys.stderr)

    def report(config: TrainConfig, failure: str | None) -> None:
        nonlocal left, done
        left, done = left - 1, done + 1
        minutes = (monotonic() - begun) / done * left / 60
        if options.json:
            print_json({"run": config.name, "failure": failure, "left": left})
        else:
            print_line(f"{config.name}: {failure or 'done'} ({done} of {total}, {minutes:.0f} min left)")

    failures = run_sweep(configs, options.measure, results, _workers(options, total), report)
    for config, failure in failures.items():
        print_error(f"{config.name} failed: {failure}")
    return 1 if failures else 0


def _make_configs(options: argparse.Namespace) -> list[TrainConfig]:
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
        return cluster_workers(options.scheduler, slots=max(1, runs))
    return local_workers(max(1, min(options.workers, runs)))
