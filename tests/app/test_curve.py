"""Predictions that are drawn curves."""

import pytest

from dropout_mnist.ui.lab import curve
from dropout_mnist.ui.lab.experiment import Curve

CURVE = Curve(
    question="Draw it.",
    title="accuracy",
    place_title="share",
    places={0.1: "10%", 0.5: "50%", 1.0: "100%"},
    levels=range(0, 101, 10),
    ticks=[0, 100],
    start=50,
    number_format="%d%%",
)


def test_curve_is_read_as_the_values_of_its_levels() -> None:
    assert curve.read(CURVE, [0, 9, 10]) == (0, 90, 100)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "012",
        7,
        {"0": 1, "1": 2, "2": 3},
        [],
        [1, 2],
        [1, 2, 3, 4],
        [1, 2, 11],
        [1, 2, -1],
        [1, 2, 2.0],
        [1, 2, float("nan")],
        [1, 2, True],
        [1, 2, None],
        [1, 2, "3"],
        [1, 2, [3]],
    ],
)
def test_what_is_no_curve_is_ignored(sent: object) -> None:
    assert curve.read(CURVE, sent) is None


def test_curve_is_described_place_by_place() -> None:
    assert curve.describe(CURVE, (0, 90, 100)) == "0% at 10%, 90% at 50%, 100% at 100%"


def test_curve_is_compared_where_it_is_furthest_off() -> None:
    measured = {0.1: 10.0, 0.5: 60.0, 1.0: 98.0}
    assert curve.compare(CURVE, (0, 90, 100), measured) == "Your curve is furthest off at 50%: 90%, measured 60%."
    assert "close to the measured one" in curve.compare(CURVE, (10, 60, 100), measured)
    # Places that were not measured do not count.
    assert "furthest off at 10%: 0%, measured 10%" in curve.compare(CURVE, (0, 90, 100), {0.1: 10.0})
