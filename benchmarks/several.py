"""Measure how drawings of two digits are divided and read: `python -m benchmarks.several STROKES`.

Pairs of handwritten digits are put side by side, 20 to 50% of a digit's longer side apart. Single digits that are
divided by mistake are counted, too.
"""

import json

import numpy as np

from benchmarks.arguments import parse_arguments
from benchmarks.machine import describe_machine
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.pen_strokes import PenDigit, load_pen_digits
from dropout_mnist.evaluation import Doubt, Prediction, predict_batch
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.drawing import read_strokes
from dropout_mnist.preprocessing.fabricjs import Stroke
from dropout_mnist.preprocessing.inputs import to_batch
from dropout_mnist.preprocessing.stroke_groups import split_digits

PAIRS = 2_000
SIDE, PEN_WIDTH = 100, 12
NEAREST, FARTHEST = 0.2, 0.5


def place(digit: PenDigit, left: float = 0.0) -> list[Stroke]:
    """Return the strokes of a digit whose longer side is `SIDE`, from `left` on."""
    return [Stroke(points * SIDE + [left, 0], PEN_WIDTH) for points in digit.strokes]


def read(model: MLP, drawings: list[list[Stroke]]) -> list[Prediction]:
    """Read each drawing as one digit."""
    images, _single = to_batch([read_strokes(strokes) for strokes in drawings])
    return predict_batch(model, images)


def main() -> None:
    """Print a table, and the same as JSON."""
    options = parse_arguments(__doc__)
    model = Checkpoint.load(options.weights).model
    drawn = load_pen_digits(options.strokes)
    divided = [strokes for digit in drawn if len(split_digits(strokes := place(digit))) > 1]
    false_alarms = sum(read(model, [strokes])[0].doubt is not Doubt.NONE for strokes in divided)
    random = np.random.default_rng(0)
    found = shown = right = 0
    for _ in range(PAIRS):
        first, second = (drawn[place] for place in random.integers(len(drawn), size=2))
        width = max(points[:, 0].max() for points in first.strokes)
        strokes = place(first) + place(second, (width + random.uniform(NEAREST, FARTHEST)) * SIDE)
        groups = split_digits(strokes)
        if len(groups) != 2:
            continue
        found += 1
        whole, *digits = read(model, [strokes, *groups])
        if whole.doubt is not Doubt.NONE:
            shown += 1
            right += [digit.digit for digit in digits] == [first.label, second.label]
    result = {
        "pairs_divided": found / PAIRS,
        "pairs_shown": shown / PAIRS,
        "right_of_shown": right / shown,
        "single_digits": len(drawn),
        "single_digits_divided": len(divided),
        "single_digits_shown_as_several": false_alarms,
    }
    print(f"{PAIRS:,} pairs: {found / PAIRS:.1%} divided, {shown / PAIRS:.1%} shown as several digits")
    print(f"of those shown, {right / shown:.1%} with both digits right")
    print(f"{len(drawn):,} single digits: {len(divided)} divided, {false_alarms} shown as several digits")
    print(json.dumps({"machine": describe_machine(), "weights": options.weights.name, **result}))


if __name__ == "__main__":
    main()
