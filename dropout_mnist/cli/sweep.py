"""`sweep`: train a grid of networks and write what they learnt, and what they can do, as tables."""

import argparse
import os
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from dropout_mnist.cli.output import DownloadBar, print_json, print_line
from dropout_mnist.config import DATASETS, PRECISIONS, RECIPES, TrainConfig
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.experiments.measurements import MEASUREMENTS
from dropout_mnist.experiments.results import SweepResults
from dropout_mnist.experiments.sweep import Workers, cluster_workers, local_workers, make_grid, run_sweep


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "sweep",
        help="train a grid of networks and write tables of what they learnt",
        description="Train a network for each combination of the settings. Runs that the tables in the output folder "
        "have already are skipped, so an interrupted sweep goes on where it was.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    notebook = TrainConfig()
    add("--output", type=Path, required=True, metavar="FOLDER", help="of the tables: epochs.csv and others")
    add("--drop-prob", type=float, nargs="+", default=[notebook.drop_prob], metavar="P")
    add("--train-size", type=int, nargs="+", default=[None], metavar="N", help="(default: all training images)")
    add("--seeds", type=int, nargs="+", default=[notebook.seed], metavar="SEED")
    add("--recipe", choices=RECIPES, default=notebook.recipe)
    add("--epochs", type=int, default=notebook.epochs)
    add("--learning-rate", type=float, default=notebook.learning_rate)
    add("--batch-size", type=int, default=notebook.batch_size)
    add("--dataset", choices=DATASETS, default=notebook.dataset)
    add("--precision", choices=PRECISIONS, default=notebook.precision)
    add(
        "--equal-steps",
        action="store_true",
        help="show few training images so often that every run makes as many steps as with all of them",
    )
    add("--measure", nargs="+", choices=MEASUREMENTS, default=[], help="on each trained network, a table each")
    add("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: one a core)")
    add("--scheduler", metavar="ADDRESS", help="do the runs on the Dask cluster of this scheduler")
    add("--json", action="store_true", help="print a JSON object for each run")


def run(options: argparse.Namespace) -> int:
    """Do the runs and return the exit code: 1 if some failed."""
    if options.workers < 1:
        raise ValueError(f"--workers must be at least 1, not {options.workers}")
    with DownloadBar() as bar:
        available = len(load_dataset(options.dataset, bar.report).train)
    configs = [
        config
        for size in options.train_size
        for config in make_grid(
            recipe=[options.recipe],
            drop_prob=options.drop_prob,
            train_size=[size],
            repeats=[max(1, available // size) if options.equal_steps and size else 1],
            seed=options.seeds,
            epochs=[options.epochs],
            learning_rate=[options.learning_rate],
            batch_size=[options.batch_size],
            dataset=[options.dataset],
            precision=[options.precision],
        )
    ]
    results = SweepResults(options.output, options.measure)
    begun = monotonic()
    left = sum(not results.has(config) for config in configs)
    total, done = left, 0
    print(f"{len(configs)} runs, {len(configs) - left} of them done before", file=sys.stderr)

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
        print(f"dropout_mnist: {config.name} failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _workers(options: argparse.Namespace, runs: int) -> Workers:
    if options.scheduler:
        return cluster_workers(options.scheduler, slots=max(1, runs))
    return local_workers(max(1, min(options.workers, runs)))
