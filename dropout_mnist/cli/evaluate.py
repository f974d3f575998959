"""`evaluate`: measure a checkpoint on its data set's test images, or on pen strokes."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.cli.output import DownloadBar, add_weights, print_json, print_line
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.data.pen_strokes import CANVAS_SIZE, LARGEST, PEN_WIDTH, SMALLEST, load_pen_digits, render_split
from dropout_mnist.evaluation import Evaluation, evaluate

TOP_CONFUSIONS = 10


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("evaluate", help="measure a checkpoint on test images or on pen strokes")
    parser.set_defaults(run=run)
    add_weights(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    strokes = parser.add_argument_group("pen strokes, rendered and read as a drawing is")
    add = strokes.add_argument
    add("--strokes", type=Path, metavar="FILE", help="digits as pen strokes: JSON lines, optionally gzipped")
    add("--pen-width", type=_pen_width, default=PEN_WIDTH, metavar="PIXELS", help="default: %(default)s")
    add(
        "--size",
        type=_share,
        nargs=2,
        default=(SMALLEST, LARGEST),
        metavar=("LEAST", "MOST"),
        help="the digit's longer side as a share of the canvas, drawn between these (default: %(default)s)",
    )
    add("--seed", type=int, default=0, help="decides sizes and positions (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Measure and print; return the exit code."""
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


def _number(text: str, low: float, high: float) -> float:
    try:
        if low <= (value := float(text)) <= high:
            return value
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"must be a number from {low:g} to {high:g}, not {text!r}")
