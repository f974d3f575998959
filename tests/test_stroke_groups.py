"""Drawings of several digits are divided, and single digits are not."""

import numpy as np
import pytest

from dropout_mnist.preprocessing.fabricjs import Stroke
from dropout_mnist.preprocessing.stroke_groups import GAP, SHORTEST, split_digits


def stroke(*points: tuple[float, float]) -> Stroke:
    return Stroke(np.array(points, float), 12)


ONE = [stroke((20, 0), (20, 100))]
FOUR = [stroke((10, 0), (0, 60), (60, 60)), stroke((45, 20), (45, 100))]
# Its bar is detached.
FIVE = [stroke((10, 0), (5, 40), (40, 60), (30, 100), (0, 95)), stroke((12, 0), (50, 2))]


def moved(strokes: list[Stroke], right: float) -> list[Stroke]:
    return [Stroke(each.points + np.array((right, 0)), each.pen_width) for each in strokes]


@pytest.mark.parametrize("digit", [ONE, FOUR, FIVE])
def test_single_digit_stays_whole(digit: list[Stroke]) -> None:
    assert len(split_digits(digit)) == 1


def test_digits_side_by_side_are_divided_whatever_the_order_of_the_strokes() -> None:
    left, right = FOUR, moved(FIVE, 80)
    drawn = [right[1], left[1], right[0], left[0]]
    first, second = split_digits(drawn)
    assert {id(each) for each in first} == {id(each) for each in left}
    assert {id(each) for each in second} == {id(each) for each in right}


def test_three_digits_are_divided() -> None:
    assert [len(group) for group in split_digits([*ONE, *moved(FOUR, 60), *moved(ONE, 150)])] == [1, 2, 1]


def test_digits_that_nearly_touch_stay_together() -> None:
    assert len(split_digits([*ONE, *moved(ONE, 10)])) == 1


def test_digits_are_divided_from_the_stated_gap_and_height_on() -> None:
    tall = 100
    assert len(split_digits([*ONE, *moved(ONE, GAP * tall)])) == 2
    assert len(split_digits([*ONE, *moved(ONE, GAP * tall - 0.1)])) == 1
    for height, count in ((SHORTEST * tall, 2), (SHORTEST * tall - 0.1, 1)):
        assert len(split_digits([*ONE, stroke((60, 0), (60, height))])) == count


def test_detached_bar_beside_a_digit_belongs_to_it() -> None:
    bar = stroke((70, 5), (100, 5))
    assert len(split_digits([*ONE, bar])) == 1


def test_empty_drawing_has_no_digits() -> None:
    assert split_digits([]) == []
