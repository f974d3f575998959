"""Make non-digits, to measure how far networks doubt them: letters, scribbles, turned digits, noise."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from dropout_mnist.data.datasets import Split
from dropout_mnist.data.pen_strokes import PenDigit, render_split
from dropout_mnist.shapes import IMAGE_SIZE, INPUT_SIZE

LETTERS, SCRIBBLES, TURNED, NOISE = KINDS = ("letters and signs", "scribbles", "turned digits", "noise")

# Digits that become non-digits when they are turned by 90 degrees.
_UPRIGHT = (2, 3, 4, 7)

_ROUND = [(0.5 + 0.5 * np.cos(angle), 0.5 + 0.5 * np.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 30)]
SIGNS: dict[str, list[ArrayLike]] = {
    "A": [[(0, 1), (0.4, 0), (0.8, 1)], [(0.15, 0.6), (0.65, 0.6)]],
    "E": [[(0.6, 0), (0, 0), (0, 1), (0.6, 1)], [(0, 0.5), (0.5, 0.5)]],
    "F": [[(0.6, 0), (0, 0), (0, 1)], [(0, 0.5), (0.5, 0.5)]],
    "H": [[(0, 0), (0, 1)], [(0.6, 0), (0.6, 1)], [(0, 0.5), (0.6, 0.5)]],
    "K": [[(0, 0), (0, 1)], [(0.6, 0), (0, 0.5), (0.6, 1)]],
    "M": [[(0, 1), (0, 0), (0.4, 0.6), (0.8, 0), (0.8, 1)]],
    "N": [[(0, 1), (0, 0), (0.6, 1), (0.6, 0)]],
    "P": [[(0, 1), (0, 0), (0.4, 0.05), (0.5, 0.25), (0.4, 0.45), (0, 0.5)]],
    "R": [[(0, 1), (0, 0), (0.4, 0.05), (0.5, 0.25), (0.4, 0.45), (0, 0.5), (0.6, 1)]],
    "T": [[(0, 0), (0.8, 0)], [(0.4, 0), (0.4, 1)]],
    "U": [[(0, 0), (0, 0.7), (0.15, 0.95), (0.45, 0.95), (0.6, 0.7), (0.6, 0)]],
    "V": [[(0, 0), (0.35, 1), (0.7, 0)]],
    "W": [[(0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0)]],
    "X": [[(0, 0), (0.7, 1)], [(0.7, 0), (0, 1)]],
    "Y": [[(0, 0), (0.35, 0.5), (0.7, 0)], [(0.35, 0.5), (0.35, 1)]],
    "+": [[(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]],
    "#": [[(0.3, 0), (0.2, 1)], [(0.7, 0), (0.6, 1)], [(0, 0.33), (1, 0.33)], [(0, 0.67), (1, 0.67)]],
    "triangle": [[(0, 1), (0.5, 0), (1, 1), (0, 1)]],
    "square": [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]],
    "house": [[(0, 1), (0, 0.4), (0.5, 0), (1, 0.4), (1, 1), (0, 1)]],
    "star": [[(0.2, 1), (0.5, 0), (0.8, 1), (0, 0.38), (1, 0.38), (0.2, 1)]],
    "heart": [
        [(0.5, 1), (0, 0.4), (0.1, 0.1), (0.35, 0.05), (0.5, 0.25), (0.65, 0.05), (0.9, 0.1), (1, 0.4), (0.5, 1)]
    ],
    "face": [_ROUND, [(0.3, 0.3), (0.32, 0.35)], [(0.7, 0.3), (0.72, 0.35)], [(0.25, 0.65), (0.5, 0.8), (0.75, 0.65)]],
}


def make_non_digits(kind: str, digits: Split, count: int, seed: int = 0) -> Tensor:
    """Return non-digits, at most (count, 784) uint8.

    Args:
        kind: one of `KINDS`.
        digits: the digits to turn.
        count: how many; there are fewer turned ones if there are too few digits.
        seed: decides shapes and noise.

    Raises:
        ValueError: there is no such kind.
    """
    random = np.random.default_rng(seed)
    match kind:
        case "letters and signs":
            return render_split([make_sign(random) for _ in range(count)]).pixels
        case "scribbles":
            return render_split([make_scribble(random) for _ in range(count)]).pixels
        case "turned digits":
            found = digits.pixels[torch.isin(digits.labels, torch.tensor(_UPRIGHT))][:count]
            return found.reshape(-1, IMAGE_SIZE, IMAGE_SIZE).rot90(1, (1, 2)).reshape(-1, INPUT_SIZE)
        case "noise":
            return torch.from_numpy(random.integers(0, 256, (count, INPUT_SIZE), dtype=np.uint8))
    raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")


def make_thing(strokes: Sequence[ArrayLike]) -> PenDigit:
    """Return strokes as a `PenDigit` with a meaningless label."""
    lines = [np.asarray(stroke, dtype=np.float64) for stroke in strokes]
    points = np.concatenate(lines)
    corner = points.min(axis=0)
    side = (points.max(axis=0) - corner).max()
    return PenDigit(0, "non-digits", tuple((line - corner) / side for line in lines))


def make_sign(random: np.random.Generator) -> PenDigit:
    """Return a letter or a sign, slanted at random and with shaky corners."""
    slant = np.eye(2) + random.normal(0, 0.1, (2, 2))
    strokes = SIGNS[random.choice(list(SIGNS))]
    return make_thing([(np.asarray(line) + random.normal(0, 0.03, np.shape(line))) @ slant for line in strokes])


def make_scribble(random: np.random.Generator) -> PenDigit:
    """Return a smooth curve through five to eleven random points."""
    # Lazy: takes longer than the rest of this module.
    from scipy.interpolate import CubicSpline

    places = random.random((random.integers(5, 12), 2))
    count = len(places)
    return make_thing([CubicSpline(np.arange(count), places)(np.linspace(0, count - 1, 60))])
