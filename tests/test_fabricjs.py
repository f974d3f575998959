from typing import Any

import numpy as np
import pytest

from dropout_mnist.preprocessing.fabricjs import MAX_COMMANDS, StrokeError, make_path, read_path, read_paths

# What the canvas component reports for a stroke through five points, without unused keys.
REPORTED: dict[str, Any] = {
    "type": "Path",
    "strokeWidth": 20,
    "scaleX": 1,
    "scaleY": 1,
    "angle": 0,
    "path": [
        ["M", 49.98, 49.98],
        ["Q", 50, 50, 55, 50.5],
        ["Q", 60, 51, 65, 52.5],
        ["Q", 70, 54, 75, 56.5],
        ["L", 80.02, 59.02],
    ],
}


def test_stroke_consists_of_the_points_where_the_pen_was() -> None:
    stroke = read_path(REPORTED)
    assert stroke.pen_width == 20
    assert stroke.points.tolist() == [[49.98, 49.98], [50, 50], [60, 51], [70, 54], [80.02, 59.02]]


def test_make_path_agrees_with_the_canvas() -> None:
    made = make_path([(50, 50), (60, 51), (70, 54), (77, 57), (80, 59)], 20)
    assert [command for command, *_ in made["path"]] == [command for command, *_ in REPORTED["path"]]
    for (_, *numbers), (_, *reported) in zip(made["path"], REPORTED["path"], strict=True):
        assert numbers == pytest.approx(reported, abs=0.05)


def test_dot_is_a_stroke() -> None:
    assert np.ptp(read_path(make_path([(7, 9)], 20)).points, axis=0).max() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "Rect"},
        {"scaleX": 2},
        {"angle": 30},
        {"skewX": 5},
        {"skewY": 5},
        {"flipX": True},
        {"flipY": True},
        {"path": []},
        {"path": [["Q", 1, 1, 2, 2]]},
        {"path": [["C", 1, 1, 2, 2, 3, 3]]},
        {"path": [["M", 1]]},
        {"path": [["M", "a", "b"]]},
        {"path": [["M", 1, 1], ["Q", 2, 2, "a", 3], ["L", 4, 4]]},
        {"path": [["M", 1, 1], ["Q", 2, 2, None, [3]], ["L", 4, 4]]},
        {"path": [["M", [1, 1], [2, 2]]]},
        {"path": [["M", 10**400, 0]]},
        {"path": [["M", float("nan"), 0]]},
        {"path": [["M", 1e300, 0]]},
        {"path": [["L", 1, 1]]},
        {"path": [[]]},
        {"path": None},
        {"strokeWidth": None},
        {"strokeWidth": float("inf")},
    ],
    ids=str,
)
def test_other_objects_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(StrokeError):
        read_path(REPORTED | changes)


@pytest.mark.parametrize("value", [None, [], "Path", {}], ids=str)
def test_values_that_are_not_objects_are_refused(value: Any) -> None:
    with pytest.raises(StrokeError):
        read_path(value)


def test_commands_of_a_drawing_are_limited_together() -> None:
    def path(commands: int) -> dict[str, Any]:
        return REPORTED | {"path": [["M", 1, 1], *[["L", 2, 2]] * (commands - 1)]}

    half = MAX_COMMANDS // 2
    assert len(read_path(path(MAX_COMMANDS)).points) == MAX_COMMANDS
    assert len(read_paths([path(half), path(MAX_COMMANDS - half)])) == 2
    with pytest.raises(StrokeError, match="a path has more than 20,000 commands"):
        read_path(path(MAX_COMMANDS + 1))
    with pytest.raises(StrokeError, match="a drawing has more than 20,000 path commands"):
        read_paths([path(half), path(MAX_COMMANDS - half), path(1)])
