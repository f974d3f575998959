"""Strokes of the pen, and the paths that Fabric.js, the canvas's library, makes of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Points along each curve of a path, as its parameter from 0 to 1.
_CURVE = np.linspace(0.25, 1, 4)[:, None]
# What a path that was not changed after it was drawn says of itself, if anything.
_UNCHANGED = {"scaleX": 1, "scaleY": 1, "angle": 0, "skewX": 0, "skewY": 0, "flipX": False, "flipY": False}

# A hand that draws without a break makes so many in five minutes.
MAX_COMMANDS = 20_000


class StrokeError(ValueError):
    """Something on the canvas is not a stroke of the pen."""


@dataclass(frozen=True)
class Stroke:
    """What the pen drew from where it was set down to where it was lifted.

    Attributes:
        points: (N, 2) float64, x to the right and y down, in the canvas's pixels.
        pen_width: in the canvas's pixels.
    """

    points: NDArray[np.float64]
    pen_width: float


def read_paths(paths: Iterable[Mapping[str, Any]]) -> list[Stroke]:
    """Return the strokes that the paths of the canvas were made of.

    Raises:
        StrokeError: one of them is no stroke, or they are longer than any drawing by hand.
    """
    strokes: list[Stroke] = []
    commands = 0
    for path in paths:
        strokes.append(read_path(path))
        commands += len(path["path"])
        if commands > MAX_COMMANDS:
            raise StrokeError(f"more than {MAX_COMMANDS:,} commands in the paths of a drawing")
    return strokes


def read_path(path: Mapping[str, Any]) -> Stroke:
    """Return the stroke that a path of the canvas was made of.

    Args:
        path: one of the objects in the canvas component's `json_data`.

    Raises:
        StrokeError: it is something else, was scaled or turned after it was drawn, or is longer than any stroke.
    """
    try:
        if path["type"] != "Path" or any(path.get(name, same) != same for name, same in _UNCHANGED.items()):
            raise StrokeError(f"not a stroke as the pen drew it: {path['type']}")
        if len(path["path"]) > MAX_COMMANDS:
            raise StrokeError(f"more than {MAX_COMMANDS:,} commands in a path")
        points: list[NDArray[np.float64]] = []
        for command, *numbers in path["path"]:
            *controls, end = np.array(numbers, dtype=np.float64).reshape(-1, 2)
            if command in ("M", "L") and not controls:
                points.append(end[None])
            elif command == "Q" and len(controls) == 1:
                start = points[-1][-1]
                points.append((1 - _CURVE) ** 2 * start + 2 * _CURVE * (1 - _CURVE) * controls[0] + _CURVE**2 * end)
            else:
                raise StrokeError(f"unknown command in a path: {command!r}")
        stroke = Stroke(np.concatenate(points), float(path["strokeWidth"]))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StrokeError(f"not a stroke of the pen: {error}") from error
    if not (np.isfinite(stroke.points).all() and np.isfinite(stroke.pen_width)):
        raise StrokeError("a stroke that goes to infinity")
    return stroke


def make_path(points: ArrayLike, pen_width: float) -> dict[str, Any]:
    """Return the path that the canvas makes when the pen goes through these points.

    A curve leads from the middle between two points to the middle between the next two, as in Fabric.js's
    PencilBrush, which loses the last point but one.

    Args:
        points: (N, 2), in the canvas's pixels.
        pen_width: in the canvas's pixels.
    """
    places = np.asarray(points, dtype=np.float64)
    if len(places) == 1:
        places = places.repeat(2, axis=0)
    elif len(places) > 2:
        places = np.delete(places, -2, axis=0)
    middles = (places[:-1] + places[1:]) / 2
    path: list[list[Any]] = [["M", *places[0].tolist()]]
    path += [["Q", *point.tolist(), *middle.tolist()] for point, middle in zip(places, middles, strict=False)]
    path.append(["L", *places[-1].tolist()])
    return {"type": "Path", "path": path, "strokeWidth": pen_width}
