"""`predict`: recognize the digits in pictures."""

import argparse
import glob
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.cli.output import add_weights, path_argument, print_error, print_json, print_line, print_note
from dropout_mnist.evaluation import Doubt, Prediction, predict_batch
from dropout_mnist.preprocessing.picture import (
    MAX_FILE_BYTES,
    FoundDigit,
    PictureError,
    may_be_picture,
    open_picture,
    read_digits,
)
from dropout_mnist.shapes import INPUT_SIZE
from dropout_mnist.storage.files import read_file

PREDICT_BATCH_SIZE = 256

STANDARD_INPUT = Path("-")

Complain = Callable[[Path, object], None]


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "predict",
        help="recognize the digits in pictures",
        description="Recognize the digits in pictures, dark on light or light on dark. The answers are in the order of "
        "the pictures, one line each: the digit, its probability, and the reason for doubt if there is one. Several "
        "digits in a picture are listed line by line and from left to right; with --json each has a box of its left, "
        "top, right and bottom, as shares of the picture's width and height.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "paths",
        type=path_argument,
        nargs="+",
        metavar="PATH",
        help="a picture, a folder of pictures, a pattern such as '*.png', or - for a picture from standard input",
    )
    add_weights(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object for each picture")


def run(options: argparse.Namespace) -> int:
    """Print an answer for each picture; return the exit code: 1 if some could not be read."""
    checkpoint = Checkpoint.load(options.weights)
    all_read = True
    skipped = 0
    batch: list[tuple[Path, list[FoundDigit]]] = []

    def answer() -> None:
        if not batch:
            return
        pixels = [torch.from_numpy(digit.pixels).reshape(INPUT_SIZE) for _, digits in batch for digit in digits]
        predictions = iter(predict_batch(checkpoint.model, torch.stack(pixels)))
        for path, digits in batch:
            _print_answer(path, [(digit, next(predictions)) for digit in digits], options.json)
        batch.clear()

    def complain(path: Path, error: object) -> None:
        nonlocal all_read
        all_read = False
        # The text of an OSError would repeat the path.
        print_error(f"{path}: {error.strerror if isinstance(error, OSError) and error.strerror else error}")

    try:
        for file, is_picture in _find_files(options.paths, complain):
            if not is_picture:
                skipped += 1
                continue
            try:
                batch.append((file, read_digits(open_picture(_read(file)))))
            except (PictureError, OSError) as error:
                complain(file, error)
            if len(batch) == PREDICT_BATCH_SIZE:
                answer()
    finally:
        # Also when interrupted: these pictures have been read.
        answer()
    if skipped:
        print_note(f"skipped {skipped:,} file{'s that are not pictures' if skipped > 1 else ' that is not a picture'}")
    return 0 if all_read else 1


def _print_answer(path: Path, answers: list[tuple[FoundDigit, Prediction]], as_json: bool) -> None:
    if as_json:
        digits = [_to_json(prediction) | {"box": digit.box} for digit, prediction in answers]
        # One digit, the usual case, can be read without a list.
        single = _to_json(answers[0][1]) if len(answers) == 1 else {}
        print_json({"path": str(path), **single, "digits": digits})
    else:
        texts = [_describe(prediction) for _, prediction in answers]
        print_line(f"{path}: " + (texts[0] if len(texts) == 1 else f"digits: [{', '.join(texts)}]"))


def _to_json(prediction: Prediction) -> dict[str, Any]:
    return {"digit": prediction.digit, "probs": prediction.probs, "doubt": prediction.doubt.value}


def _describe(prediction: Prediction) -> str:
    doubt = "" if prediction.doubt is Doubt.NONE else f"; {prediction.doubt.value}"
    return f"{prediction.digit} ({prediction.confidence:.1%}){doubt}"


def _find_files(paths: list[Path], complain: Complain) -> Iterator[tuple[Path, bool]]:
    """Yield each file, and whether it is to be read. Those in folders are not if they are plainly not pictures."""
    for path in (found for given in paths for found in _expand(given, complain)):
        # `Path.is_dir` raises an error where a folder above it may not be read.
        if not os.path.isdir(path):
            yield path, True
            continue
        files = [(file, may_be_picture(file)) for file in _walk(path, complain)]
        if not any(is_picture for _, is_picture in files):
            complain(path, "There are no pictures in this folder.")
        yield from files


def _expand(path: Path, complain: Complain) -> list[Path]:
    """Return the paths that match a pattern, which not all shells expand; the path itself if it is not a pattern."""
    if os.path.lexists(path) or not set("*?[") & set(str(path)):
        return [path]
    found = sorted(map(Path, glob.glob(str(path), recursive=True)))
    if not found:
        complain(path, "No file matches this pattern.")
    return found


def _walk(folder: Path, complain: Complain) -> Iterator[Path]:
    """Yield the files in a folder and its subfolders, sorted, without hidden ones."""
    faults: list[OSError] = []
    files = []
    for parent, folders, names in os.walk(folder, onerror=faults.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [path for name in names if not name.startswith(".") and os.path.isfile(path := Path(parent, name))]
    for fault in faults:
        complain(Path(str(fault.filename)), fault)
    yield from sorted(files)


def _read(path: Path) -> bytes:
    """Return the contents of a file.

    Raises:
        OSError: it cannot be read, or is too large.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise OSError("Standard input is closed.")
        if sys.stdin.isatty():
            print_note("Reading a picture from standard input")
        data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise OSError(f"The picture has more than {MAX_FILE_BYTES / 1e6:.0f} MB.")
    else:
        data = read_file(path, MAX_FILE_BYTES)
    if not data:
        raise OSError("This file is empty.")
    return data
