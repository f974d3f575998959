"""`evaluate`: measure a checkpoint on its data set's test images, or on pen strokes."""

import argparse
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.cli.output import DownloadBar, add_weights, path_argument, print_json, print_line
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.data.pen_strokes import CANVAS_SIZE, LARGEST, PEN_WIDTH, SMALLEST, load_pen_digits, render_split
from dropout_mnist.evaluation import Evaluation, evaluate

TOP_CONFUSIONS = 10


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a checkpoint on test images or on pen strokes",
        description="Measure the accuracy, loss and calibration of a checkpoint on the test images of its data set, or "
        "on handwritten digits recorded as pen strokes.",
    )
    parser.set_defaults(run=run)
    add_weights(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    strokes = parser.add_argument_group("pen strokes", "They are rendered on a canvas and read like a drawing.")
    add = strokes.add_argument
    add(
        "--strokes",
        type=path_argument,
        metavar="FILE",
        help="measure on the digits in this file: JSON lines, optionally compressed with gzip",
    )
    add(
        "--pen-width",
        type=_pen_width,
        default=PEN_WIDTH,
        metavar="PIXELS",
        help=f"draw with a pen of this width, on a canvas of {CANVAS_SIZE} pixels (default: %(default)s)",
    )
    add(
        "--size",
        type=_share,
        nargs=2,
        default=(SMALLEST, LARGEST),
        metavar=("LEAST", "MOST"),
        help="draw digits whose longer side takes a share of the canvas between these, "
        f"at random (default: {SMALLEST} {LARGEST})",
    )
    add("--seed", type=_seed, default=0, help="seed of sizes and positions (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Measure and print; return the exit code."""
    if options.size[0] > options.size[1]:
        raise ValueError(f"--size must be given as LEAST MOST, not {options.size[0]:g} {options.size[1]:g}")
    checkpoint = Checkpoint.load(options.weights)
    described = _measure_strokes(checkpoint, options) if options.strokes else _measure_test_images(checkpoint)
    if options.json:
        print_json({"weights": str(options.weights), **described.values})
    else:
        for line in described.lines:
            print_line(line)
    return 0


@dataclass(frozen=True)
class _Described:
    """A measurement, for programs and for people."""

    values: dict[str, object]
    lines: list[str]


def _measure_test_images(checkpoint: Checkpoint) -> _Described:
    with DownloadBar() as bar:
        dataset = load_dataset(checkpoint.config.dataset, bar.report)
    return _describe(evaluate(checkpoint.model, dataset.test), dataset.name, dataset.title)


def _measure_strokes(checkpoint: Checkpoint, options: argparse.Namespace) -> _Described:
    digits = load_pen_digits(options.strokes)
    smallest, largest = options.size
    split = render_split(digits, options.seed, pen_width=options.pen_width, smallest=smallest, largest=largest)
    evaluation = evaluate(checkpoint.model, split)
    described = _describe(evaluation, str(options.strokes), options.strokes.name)
    right = (evaluation.predictions == evaluation.labels).tolist()
    groups = {
        group: fmean(hit for digit, hit in zip(digits, right, strict=True) if digit.group == group)
        for group in sorted({digit.group for digit in digits})
    }
    confusions = evaluation.top_confusions(TOP_CONFUSIONS)
    drawn = {"pen_width": options.pen_width, "size": options.size, "seed": options.seed}
    values = {"drawn": drawn, "group_accuracy": groups, "top_confusions": confusions}
    lines = [f"Group {group}: {accuracy:.4f}" for group, accuracy in groups.items()]
    lines += [f"{digit} misread as {other}: {count:,} images" for digit, other, count in confusions]
    return _Described(described.values | values, described.lines + lines)


def _describe(evaluation: Evaluation, name: str, title: str) -> _Described:
    values: dict[str, object] = {
        "dataset": name,
        "accuracy": evaluation.accuracy,
        "correct": evaluation.correct,
        "total": evaluation.total,
        "loss": evaluation.loss,
        "calibration_error": evaluation.calibration_error,
        "digit_accuracy": evaluation.digit_accuracy,
    }
    lines = [
        f"Accuracy: {evaluation.accuracy:.4f} ({evaluation.correct:,} of {evaluation.total:,}, {title})",
        f"Loss: {evaluation.loss:.6f}",
        f"Calibration error: {evaluation.calibration_error:.4f}",
    ]
    for digit, accuracy in enumerate(evaluation.digit_accuracy):
        lines.append(f"Digit {digit}: {'no images' if accuracy is None else f'{accuracy:.4f}'}")
    return _Described(values, lines)


def _pen_width(text: str) -> float:
    return _number(text, 1, CANVAS_SIZE)


def _share(text: str) -> float:
    return _number(text, 0.01, 1)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0, not {text!r}")
    return int(text)


def _number(text: str, low: float, high: float) -> float:
    try:
        if low <= (value := float(text)) <= high:
            return value
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"must be a number from {low:g} to {high:g}, not {text!r}")
