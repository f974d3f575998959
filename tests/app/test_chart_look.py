"""The look of charts."""

import pytest

from dropout_mnist.ui import chart_look as look


@pytest.mark.parametrize(
    ("values", "logarithmic"), [([0.018, 0.034], False), ([0.018, 0.034, 0.5], True), ([0.0, 0.5], False)]
)
def test_axis_is_logarithmic_if_values_differ_much(values: list[float], logarithmic: bool) -> None:
    """A logarithmic axis over less than a factor of five would have a single label or two."""
    assert look.is_logarithmic(look.fitting_axis("test error", values, shares=True)) == logarithmic
