"""`predict`: recognize the digit in each picture."""

import argparse
from pathlib import Path
from typing import Any

import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.cli.output import add_weights, print_error, print_json, print_line
from dropout_mnist.evaluation import Doubt, predict_batch
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.preprocessing.picture import PictureError, open_picture, read_picture
from dropout_mnist.shapes import INPUT_SIZE

PREDICT_BATCH_SIZE = 256


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("predict", help="recognize the digit in each picture")
    parser.set_defaults(run=run)
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="a picture, or a folder of pictures")
    add_weights(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object for each picture")


def run(options: argparse.Namespace) -> int:
    """Print an answer for each picture; return the exit code."""
    checkpoint = Checkpoint.load(options.weights)
    all_read = True
    batch: list[tuple[Path, Pixels]] = []

    def answer() -> None:
        if not batch:
            return
        pixels = torch.stack([torch.from_numpy(image).reshape(INPUT_SIZE) for _, image in batch])
        for (path, _), prediction in zip(batch, predict_batch(checkpoint.model, pixels), strict=True):
            if options.json:
                values = {"digit": prediction.digit, "probs": prediction.probs, "doubt": prediction.doubt.value}
                print_json({"path": str(path), **values})
            else:
                doubt = "" if prediction.doubt is Doubt.NONE else f"; {prediction.doubt.value}"
                print_line(f"{path}: {prediction.digit} ({prediction.probs[prediction.digit]:.1%}){doubt}")
        batch.clear()

    def complain(path: Path, error: object) -> None:
        nonlocal all_read
        all_read = False
        print_error(f"{path}: {error}")

    for path in options.paths:
        files = _find_files(path)
        if not files:
            complain(path, "There are no files in this folder.")
        for file in files:
            try:
                batch.append((file, read_picture(open_picture(file.read_bytes()))))
            except (PictureError, OSError) as error:
                complain(file, error)
            if len(batch) == PREDICT_BATCH_SIZE:
                answer()
    answer()
    return 0 if all_read else 1


def _find_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
