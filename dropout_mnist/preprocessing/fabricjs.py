"""Convert between pen strokes and the paths of Fabric.js, the library behind the canvas."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# The properties of a path that was not transformed after it was drawn, where it states them.
_UNCHANGED = {"scaleX": 1, "scaleY": 1, "angle": 0, "skewX": 0, "skewY": 0, "flipX": False, "flipY": False}

# How many numbers each command of a path has: to move, a line, a quadratic curve.
_NUMBERS = {"M": 2, "L": 2, "Q": 4}

# In canvas pixels: no pen gets there.
_FAR = 1e6

# About five minutes of drawing without a break.
MAX_COMMANDS = 20_000


class StrokeError(ValueError):
    """An object on the canvas is not a pen stroke."""


@dataclass(frozen=True)
class Stroke:
    """One stroke: the pen's path from where it was set down to where it was lifted.

    Attributes:
        points: (N, 2) float64, x to the right and y down, in canvas pixels.
        pen_width: in canvas pixels.
    """

    points: NDArray[np.float64]
    pen_width: float


def read_paths(paths: Iterable[Mapping[str, Any]]) -> list[Stroke]:
    """Convert the paths of a drawing to strokes.

    Args:
        paths: the objects in the canvas component's `json_data["objects"]`.

    Raises:
        StrokeError: one of them is not a stroke, or together they have more than 20,000 commands.
    """
    strokes: list[Stroke] = []
    commands = 0
    for path in paths:
        strokes.append(read_path(path))
        commands += len(path["path"])
        if commands > MAX_COMMANDS:
            raise StrokeError(f"a drawing has more than {MAX_COMMANDS:,} path commands")
    return strokes


def read_path(path: Mapping[str, Any]) -> Stroke:
    """Convert one path to a stroke.

    The path's curves are controlled by the points that the pen went through, so these are the stroke.

    Args:
        path: one of the objects in the canvas component's `json_data["objects"]`.

    Raises:
        StrokeError: it is not a path, was transformed after it was drawn, is far from the canvas, or has more than
            20,000 commands.
    """
    try:
        if path["type"] != "Path" or any(path.get(name, same) != same for name, same in _UNCHANGED.items()):
            raise StrokeError(f"not a pen stroke, or transformed after it was drawn: {path['type']}")
        if len(path["path"]) > MAX_COMMANDS:
            raise StrokeError(f"a path has more than {MAX_COMMANDS:,} commands")
        for number, (command, *numbers) in enumerate(path["path"]):
            if (command == "M") != (number == 0) or len(numbers) != _NUMBERS[command]:
                raise StrokeError(f"unknown command in a path: {command!r}")
        # All are numbers, also those of a curve's end, which are not part of the stroke. An empty path has none.
        rows = [numbers if len(numbers) == 4 else numbers * 2 for _command, *numbers in path["path"]]
        points = np.array(rows, dtype=np.float64).reshape(len(rows) or 1, 4)[:, :2]
        stroke = Stroke(points, float(path["strokeWidth"]))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StrokeError(f"not a pen stroke: {error}") from error
    # Also false for what is not a number.
    if not ((np.abs(stroke.points) < _FAR).all() and abs(stroke.pen_width) < _FAR):
        raise StrokeError("a pen stroke is not on the canvas")
    return stroke


def make_path(points: ArrayLike, pen_width: float) -> dict[str, Any]:
    """Return the path that the canvas reports for a stroke through these points.

    Each quadratic curve connects the midpoints of neighboring segments, as in Fabric.js's PencilBrush, which drops
    the last point but one.

    Args:
        points: (N, 2), in canvas pixels.
        pen_width: in canvas pixels.
    """
    kept = np.asarray(points, dtype=np.float64)
    if len(kept) == 1:
        kept = kept.repeat(2, axis=0)
    elif len(kept) > 2:
        kept = np.delete(kept, -2, axis=0)
    midpoints = (kept[:-1] + kept[1:]) / 2
    path: list[list[Any]] = [["M", *kept[0].tolist()]]
    path += [["Q", *point.tolist(), *midpoint.tolist()] for point, midpoint in zip(kept, midpoints, strict=False)]
    path.append(["L", *kept[-1].tolist()])
    return {"type": "Path", "path": path, "strokeWidth": pen_width}
