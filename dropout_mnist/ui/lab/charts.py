"""Draw the lab's charts: what was measured, with what the visitor predicted and trained."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab.experiment import Answer, Curve
from dropout_mnist.ui.language import translate as _

# Any chart that Altair can show.
AnyChart = alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart


def show(chart: AnyChart, data: pd.DataFrame, key: str, alt_text: str) -> None:
    """Show a chart with a text alternative, and a button to download its data."""
    # With its height, its place is reserved before the browser has loaded what draws it.
    height: int | Literal["content"] = chart["height"] if isinstance(chart["height"], int) else "content"
    # Not `properties`, here and below: it would copy the chart, which takes longer than all else.
    chart["padding"] = look.PADDING
    st.altair_chart(chart, height=height, key=key, alt=alt_text)
    st.download_button(
        _("Data"),
        data=lambda: data.to_csv(index=False),
        file_name=f"{key}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"{key}_data",
        type="tertiary",
        help=_("The chart's data as CSV"),
    )


def with_intervals(
    table: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    number_format: str,
    fixed: Mapping[str, str] | None = None,
    points: bool = True,
    columns: int = 3,
    predicted: pd.DataFrame | None = None,
) -> alt.LayerChart:
    """Draw lines with the intervals of their values.

    Args:
        table: columns `series`, `mean`, `low`, `high`, `runs`, and the one on the x axis.
        x: the x axis.
        y: the axis of `mean`.
        number_format: of the values.
        fixed: the colors of some series.
        points: whether each value is marked and has an error bar; else a band around the line shows the intervals.
        columns: of the legend.
        predicted: a curve that is drawn as well, dashed; see `predicted_curve`.
    """
    names = list(dict.fromkeys(table["series"]))
    dashes: list[list[int]] = [[1, 0] for _name in names]
    if predicted is not None:
        [name] = predicted["series"].unique()
        names, dashes, fixed = [*names, name], [*dashes, look.DASHED], {**(fixed or {}), name: look.PINK}
    legend = look.legend(columns) if len(names) > 1 else None
    color = alt.Color("series:N", scale=look.colors(names, fixed), legend=legend)
    tooltip = [_of_series(), alt.Tooltip(x.shorthand, title=x["title"]), *_with_interval(number_format)]
    table = _bounded(table, y, number_format)
    # The layers share their data: with data of its own, each layer would take long to copy and to send.
    base = alt.Chart().encode(x=x, color=color)
    lines = base.mark_line(strokeWidth=look.LINE).encode(y=y, tooltip=tooltip)
    low = _with_field(y, "low")
    if not points:
        band = base.mark_area(opacity=0.2).encode(y=low, y2="high:Q")
        return alt.LayerChart(data=table, layer=[band, lines])
    bars = base.mark_rule(strokeWidth=look.LINE).encode(y=low, y2="high:Q")
    marks = base.mark_circle(size=50, opacity=1).encode(y=y, tooltip=tooltip)
    layers = [bars, lines, marks]
    if predicted is not None:
        dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes), legend=legend)
        drawn = alt.Chart(predicted).encode(x=x, y=y, color=color)
        layers.append(drawn.mark_line(strokeWidth=look.LINE).encode(strokeDash=dash))
        layers.append(drawn.mark_point(shape="diamond", size=80, filled=True, opacity=1))
    return alt.LayerChart(data=table, layer=layers)


def dots(table: pd.DataFrame, x: alt.X, y: alt.Y, number_format: str) -> alt.LayerChart:
    """Draw one value with its interval for each name on the x axis, as `with_intervals` does, without lines."""
    tooltip = [alt.Tooltip(x.shorthand, title=x["title"] or _("Method")), *_with_interval(number_format)]
    base = alt.Chart(_bounded(table, y, number_format)).encode(x=x)
    bars = base.mark_rule(strokeWidth=look.LINE, color=look.SKY).encode(y=_with_field(y, "low"), y2="high:Q")
    marks = base.mark_circle(size=90, opacity=1, color=look.SKY).encode(y=y, tooltip=tooltip)
    return (bars + marks).properties(height=look.HEIGHT)


def prediction(answer: Answer, x: alt.X, y: alt.Y, at: float | None, scale: float = 1.0) -> alt.LayerChart | None:
    """Draw a predicted number into a chart: a diamond with a text, or a vertical line; None if there is none.

    Args:
        answer: of the visitor.
        x, y: the chart's axes.
        at: where on the x axis the number was asked for; None if the number is a place on the x axis itself.
        scale: what one unit of the answer is on its axis.
    """
    if not isinstance(answer, int | float):
        return None
    field = _field(x)
    text: dict[str, Any] = {"text": _("your prediction"), "color": look.PINK, "fontSize": 13, "fontWeight": "bold"}
    if at is None:
        base = alt.Chart(pd.DataFrame({field: [answer * scale]})).encode(x=x)
        rule = base.mark_rule(strokeWidth=look.LINE, strokeDash=look.DASHED, color=look.PINK)
        return rule + base.mark_text(align="left", dx=6, baseline="top", y=4, **text)
    base = alt.Chart(pd.DataFrame({field: [at], "mean": [answer * scale]})).encode(x=x, y=y)
    mark = base.mark_point(shape="diamond", size=220, filled=True, color=look.PINK, opacity=1)
    label = base.mark_text(
        align=alt.ExprRef(f"scale('x', {at}) > width / 2 ? 'right' : 'left'"),
        dx=alt.ExprRef(f"scale('x', {at}) > width / 2 ? -12 : 12"),
        baseline="middle",
        **text,
    )
    return mark + label


def predicted_curve(answer: Answer, curve: Curve, x: alt.X, scale: float = 1.0) -> pd.DataFrame | None:
    """Return a predicted curve as a table for `with_intervals`; None if there is none.

    Args:
        answer: of the visitor.
        curve: that was asked for.
        x: the chart's x axis.
        scale: what one unit of the answer is on the y axis.
    """
    if not isinstance(answer, tuple):
        return None
    values = [value * scale for value in answer]
    return pd.DataFrame({_field(x): list(curve.places), "mean": values, "series": _("your prediction")})


def live(table: pd.DataFrame, x: alt.X, y: alt.Y, number_format: str) -> alt.LayerChart | None:
    """Draw what the visitor's own runs measured; None if there is nothing yet.

    Args:
        table: columns `series` (the runs' names), `mean`, and the one on the x axis.
        x, y: the chart's axes.
        number_format: of the values.
    """
    if table.empty:
        return None
    tooltip = [
        _of_series(),
        alt.Tooltip(x.shorthand, title=x["title"] or _("Method")),
        alt.Tooltip("mean:Q", title=y["title"], format=number_format),
    ]
    base = alt.Chart(table).encode(x=x, y=y, detail="series:N", tooltip=tooltip)
    line = base.mark_line(strokeWidth=3, strokeDash=look.DASHED, color=look.GREEN)
    marks = base.mark_square(size=70, color=look.GREEN, opacity=1)
    last = alt.Chart(table.groupby("series").tail(1)).encode(x=x, y=y, text="series:N")
    label = last.mark_text(
        align="right", baseline="bottom", dy=-9, color=look.GREEN, fontSize=13, fontWeight="bold", limit=240
    )
    return line + marks + label


def layers(*charts: alt.Chart | alt.LayerChart | None) -> alt.LayerChart:
    """Draw charts with the same axes on top of each other, leaving out those that are None."""
    return alt.LayerChart(layer=[chart for chart in charts if chart is not None], height=look.HEIGHT)


def rule_at(value: float, x: alt.X) -> alt.Chart:
    """Draw a vertical line at a value of the x axis, such as a slider's."""
    rule = alt.Chart(pd.DataFrame({_field(x): [value]})).mark_rule(strokeDash=look.DASHED, color=look.GRAY)
    return rule.encode(x=x)


def zero_line() -> alt.Chart:
    """Draw the line of no difference."""
    return alt.Chart(pd.DataFrame({"mean": [0.0]})).mark_rule(color=look.GRAY).encode(y="mean:Q")


def pass_ticks(table: pd.DataFrame) -> alt.Chart:
    """Draw the probabilities of each digit in all passes as ticks: columns `digit`, `probability`."""
    x = alt.X(
        "probability:Q",
        title=_("probability"),
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=4),
    )
    return (
        alt.Chart(table)
        .mark_tick(thickness=2, opacity=0.25, color=look.SKY, height=16)
        .encode(
            x=x,
            y=alt.Y("digit:O", title=None, axis=alt.Axis(labelFontSize=13, labelOverlap=False)),
            tooltip=[
                alt.Tooltip("digit:O", title=_("digit")),
                alt.Tooltip("probability:Q", title=_("probability"), format=".1%"),
            ],
        )
        .properties(height=300)
    )


def bands(table: pd.DataFrame, x: alt.X, digits: Sequence[int]) -> alt.LayerChart:
    """Draw the mean and range of the digits' probabilities: columns `digit`, `mean`, `low`, `high` and the x axis's."""
    color = alt.Color("digit:N", scale=look.colors([str(digit) for digit in digits]), legend=look.legend(5, narrow=5))
    base = alt.Chart(table).encode(x=x, color=color)
    y = look.probability_axis()
    area = base.mark_area(opacity=0.2).encode(y=_with_field(y, "low"), y2="high:Q")
    titles = {"mean": _("mean"), "low": _("from"), "high": _("to")}
    tooltip = [
        alt.Tooltip("digit:N", title=_("digit")),
        alt.Tooltip(x.shorthand, title=x["title"]),
        *(alt.Tooltip(f"{name}:Q", title=title, format=".1%") for name, title in titles.items()),
    ]
    line = base.mark_line(strokeWidth=look.LINE).encode(y=y, tooltip=tooltip)
    return (area + line).properties(height=look.HEIGHT)


def _bounded(table: pd.DataFrame, y: alt.Y, number_format: str) -> pd.DataFrame:
    """Return a table whose intervals end where the axis does: Student's interval knows no bounds."""
    low, high = table["low"], table["high"]
    if number_format.endswith("%"):
        low, high = low.clip(lower=0), high.clip(upper=1)
    if look.is_logarithmic(y):
        low = low.clip(lower=table["mean"].min() / 2)
    return table.assign(low=low, high=high)


def _of_series() -> alt.Tooltip:
    return alt.Tooltip("series:N", title=_("curve"))


def _with_interval(number_format: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("mean:Q", title=_("mean"), format=number_format),
        alt.Tooltip("low:Q", title=_("95% from"), format=number_format),
        alt.Tooltip("high:Q", title=_("95% to"), format=number_format),
        alt.Tooltip("runs:Q", title=_("seeds")),
    ]


def _with_field(axis: alt.Y, field: str) -> alt.Y:
    """Return the same axis for another column."""
    other = axis.copy()
    other["shorthand"] = f"{field}:Q"
    return other


def _field(x: alt.X) -> str:
    return str(x.shorthand).partition(":")[0]
