"""`train --from MODEL --examples FOLDER`: fine-tune a trained network on a person's own digits."""

import argparse
from dataclasses import replace
from pathlib import Path

from dropout_mnist.adaptation.examples import read_folder
from dropout_mnist.adaptation.fine_tuning import Adaptation, adapt
from dropout_mnist.checkpoints.folder import load
from dropout_mnist.cli.options import chosen_settings
from dropout_mnist.cli.output import DownloadBar, print_json, print_line
from dropout_mnist.cli.storing import check_destination, store
from dropout_mnist.data.datasets import TITLES, load_dataset


def learn_hand(options: argparse.Namespace) -> int:
    """Fine-tune, save, and print what was gained; return the exit code.

    Raises:
        ValueError: only one of the two options is there, or others that do not go with them.
    """
    if not (options.start and options.examples):
        raise ValueError("--from and --examples go together: a network to start from, and a folder of your digits")
    if unused := [*chosen_settings(options), *(name for name in ("batches", "retrain") if getattr(options, name))]:
        option = "--" + unused[0].replace("_", "-")
        raise ValueError(f"{option} does not go with --examples: the network of --from keeps its settings")
    checkpoint = load(options.start)
    examples = read_folder(options.examples)
    output: Path | None = options.output
    check_destination(output, replace(checkpoint, own_digits=checkpoint.own_digits + len(examples)).name)
    with DownloadBar() as bar:
        dataset = load_dataset(checkpoint.config.dataset, bar.report)
    found = adapt(checkpoint, examples, dataset)
    path, code = store(found.checkpoint, output)
    _print(found, path, options.json)
    return code


def _print(found: Adaptation, path: Path, as_json: bool) -> None:
    if as_json:
        values = {name: value for name, value in vars(found).items() if name != "checkpoint"}
        print_json({"weights": str(path), **values})
        return
    print_line(f"Your digits: {found.right_before} of {found.total} were read right before")
    if found.right_after is not None:
        print_line(
            f"Your digits: {found.right_after} of {found.total} are read right now, each by a network that learned "
            "from others of them only"
        )
    title = TITLES[found.checkpoint.config.dataset]
    before, after = (correct / found.test_total for correct in (found.correct_before, found.correct_after))
    print_line(f"Accuracy: {before:.4f} before, {after:.4f} now ({found.correct_after:,} correct, {title})")
    print_line(f"Weights: {path}")
