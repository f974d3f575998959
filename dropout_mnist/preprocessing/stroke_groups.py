"""Divide a drawing of several digits, side by side, into its digits."""

from collections.abc import Sequence

import numpy as np

from dropout_mnist.preprocessing.fabricjs import Stroke

# Between two digits there is at least this much room, as a share of the tallest stroke's height. Few single digits have
# such a gap between their strokes: `python -m benchmarks.several` counts them.
GAP = 0.12
# A digit is at least this tall, as a share of the tallest one: a detached bar is not a digit.
SHORTEST = 0.5


def split_digits(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """Return the strokes of each digit, from left to right; all of them together if they cannot be told apart.

    Strokes that are above each other belong to the same digit. So do strokes next to each other whose paths come close.
    """
    groups: list[list[Stroke]] = []
    right = -np.inf
    tallest = max((_height([stroke]) for stroke in strokes), default=0.0)
    for stroke in sorted(strokes, key=lambda stroke: float(stroke.points[:, 0].min())):
        left, end = float(stroke.points[:, 0].min()), float(stroke.points[:, 0].max())
        if groups and left - right < GAP * tallest:
            groups[-1].append(stroke)
        else:
            groups.append([stroke])
        right = max(right, end)
    heights = [_height(group) for group in groups]
    if len(groups) > 1 and min(heights) < SHORTEST * max(heights):
        return [list(strokes)]
    return groups


def _height(strokes: Sequence[Stroke]) -> float:
    y = np.concatenate([stroke.points[:, 1] for stroke in strokes])
    return float(y.max() - y.min())
