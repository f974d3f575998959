"""The look of all charts: colors that color-blind people can distinguish (Okabe & Ito), legends, axes and heights.

It works on light and on dark pages, and on phones.
"""

from collections.abc import Mapping, Sequence

import altair as alt
from altair.utils import schemapi

from dropout_mnist.ui.language import translate as _

# Altair would check each part of a chart when it is made. It checks the whole chart before it is sent.
schemapi.disable_debug_mode()

BLUE, SKY, ORANGE, GREEN, GRAY = "#0072b2", "#56b4e9", "#e69f00", "#009e73", "#999999"
PINK, YELLOW, RED = "#cc79a7", "#f0e442", "#d55e00"
SERIES = (ORANGE, SKY, BLUE, GREEN, RED, YELLOW, GRAY)

HEIGHT = 320
LINE = 2
# Around a chart, in pixels. At the right there is room for half of the last mark and label.
PADDING = {"left": 0, "top": 5, "right": 14, "bottom": 5}
DASHED, DOTTED = [5, 4], [2, 3]

# Logarithmic axes have labels at these values.
_LOG_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def columns_by_width(columns: int, narrow: int = 1) -> alt.ExprRef:
    """Return the number of columns of a legend: as given, or `narrow` on a phone."""
    return alt.ExprRef(f"width < 400 ? {narrow} : {columns}")


def legend(columns: int = 3, bars: bool = False, narrow: int = 1) -> alt.Legend:
    """Return a legend right above the chart.

    Args:
        columns: where there is room for them.
        narrow: columns on a phone.
        bars: whether the chart has bars; of lines, the symbols are strokes, since filled ones vanish on dark pages.
    """
    return alt.Legend(
        orient="top",
        title=None,
        columns=columns_by_width(columns, narrow),
        labelLimit=300,
        symbolType="square" if bars else "stroke",
        symbolStrokeWidth=0 if bars else 3,
        symbolSize=120 if bars else 300,
        symbolOpacity=1,
        offset=4,
    )


def colors(names: Sequence[str], fixed: Mapping[str, str] | None = None) -> alt.Scale:
    """Return a scale with one color for each name; more names than colors share them.

    Args:
        names: in their order.
        fixed: the colors of some names.
    """
    free = [color for color in SERIES if color not in (fixed or {}).values()]
    rest = [name for name in names if name not in (fixed or {})]
    chosen = {name: free[index % len(free)] for index, name in enumerate(rest)} | dict(fixed or {})
    return alt.Scale(domain=list(names), range=[chosen[name] for name in names])


def rate_axis(low: float = 0.0, high: float = 0.9) -> alt.X:
    """Return an x axis for dropout rates, with a label at every tenth."""
    return alt.X(
        "drop_prob:Q",
        title="drop_prob",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(values=[tenth / 10 for tenth in range(10)], format=".1f", grid=False, labelOverlap=True),
    )


def share_axis(field: str, title: str) -> alt.X:
    """Return an x axis for shares from 0 to 1, in percent."""
    return alt.X(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=[fifth / 5 for fifth in range(6)], format="~%", grid=False),
    )


def epoch_axis(last: int) -> alt.X:
    """Return an x axis for epochs."""
    return alt.X(
        "epoch:Q",
        title=_("epoch"),
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )


def log_axis(field: str, title: str, values: Sequence[float]) -> alt.X:
    """Return a logarithmic x axis with labels at the measured values, such as 1k."""
    return alt.X(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(type="log", nice=False, padding=12),
        axis=alt.Axis(values=list(values), format="~s", grid=False, labelOverlap=True),
    )


def accuracy_axis(title: str | None = None) -> alt.Y:
    """Return a y axis for accuracies and other shares, as wide as the values need; for test accuracies by default."""
    title = title or _("test accuracy")
    return alt.Y("mean:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format="~%", tickCount=6))


def error_axis(title: str | None = None) -> alt.Y:
    """Return a logarithmic y axis for errors, the test error by default, so that 1.8% and 1.6% stay apart below 80%."""
    return alt.Y(
        "mean:Q",
        title=title or _("test error"),
        scale=alt.Scale(type="log", nice=False, padding=12),
        axis=alt.Axis(values=list(_LOG_TICKS), format="~%"),
    )


def fitting_axis(title: str, values: Sequence[float], shares: bool) -> alt.Y:
    """Return a y axis that is logarithmic if the values differ by more than a factor of five.

    Args:
        title: of the axis.
        values: that are drawn.
        shares: whether they are shares, such as errors.
    """
    label = "~%" if shares else "~g"
    if max(values) > 5 * min(values) > 0:
        scale, axis = alt.Scale(type="log", nice=False, padding=12), alt.Axis(values=list(_LOG_TICKS), format=label)
    else:
        scale, axis = alt.Scale(zero=False), alt.Axis(format=label, tickCount=6)
    return alt.Y("mean:Q", title=title, scale=scale, axis=axis)


def is_logarithmic(axis: alt.Y) -> bool:
    """Whether an axis is logarithmic."""
    scale = axis["scale"]
    return isinstance(scale, alt.Scale) and scale["type"] == "log"


def name_axis(title: str | None, names: Sequence[str]) -> alt.X:
    """Return an x axis for names, which are broken into lines on a phone."""
    label = "width < 400 ? split(datum.label, ' ') : datum.label"
    axis = alt.Axis(labelAngle=0, labelLimit=150, labelOverlap=False, labelFlush=False, labelExpr=label)
    return alt.X("name:N", title=title, sort=list(names), axis=axis)


def points_axis(title: str) -> alt.Y:
    """Return a y axis for differences of shares, in points."""
    return alt.Y("mean:Q", title=title, axis=alt.Axis(format="+~r", tickCount=6))


def probability_axis(field: str = "mean") -> alt.Y:
    """Return a y axis for probabilities, from 0 to 100%."""
    return alt.Y(
        f"{field}:Q",
        title=_("probability"),
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=4),
    )
