"""Draw the lab's charts, in the same colors as the Playground's."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from dropout_mnist.ui.charts import BLUE, GRAY, GREEN, ORANGE, SKY, one_column_if_narrow

PINK, YELLOW, RED = "#cc79a7", "#f0e442", "#d55e00"
SERIES = (BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, GRAY)
HEIGHT = 360


def legend(columns: int = 3) -> alt.Legend:
    """Return a legend below the chart, in one column where the chart is narrow."""
    return alt.Legend(orient="bottom", title=None, columns=one_column_if_narrow(columns), labelLimit=260)


def colors(names: Sequence[str]) -> alt.Scale:
    """Return a scale with one color for each name; more than eight names share colors."""
    return alt.Scale(domain=list(names), range=[SERIES[index % len(SERIES)] for index in range(len(names))])


def lines_with_errors(
    table: pd.DataFrame,
    x: alt.X,
    title: str,
    number_format: str = ".2%",
    errors: str = "standard error",
    y_scale: alt.Scale | None = None,
) -> alt.LayerChart:
    """Draw lines with error bars.

    Args:
        table: columns `series`, `mean`, `standard_error`, `runs`, and the one on the x axis.
        x: the x axis.
        title: of the y axis.
        number_format: of the values.
        errors: the name of the error bars in the tooltip.
        y_scale: of the y axis.
    """
    table = table.assign(
        low=table["mean"] - table["standard_error"].fillna(0), high=table["mean"] + table["standard_error"].fillna(0)
    )
    scale = y_scale or alt.Scale(zero=False)
    axis = alt.Axis(format=number_format.replace(".2%", "~%"), tickCount=6)
    color = alt.Color("series:N", scale=colors(list(dict.fromkeys(table["series"]))), legend=legend())
    tooltip = [
        "series",
        x.shorthand.partition(":")[0],
        alt.Tooltip("mean:Q", format=number_format),
        alt.Tooltip("standard_error:Q", format=number_format, title=errors),
        "runs",
    ]
    base = alt.Chart(table).encode(x=x, color=color)
    lines = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=45)).encode(
        y=alt.Y("mean:Q", title=title, scale=scale, axis=axis), tooltip=tooltip
    )
    bars = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q")
    return (bars + lines).properties(height=HEIGHT)


def rule_at(value: float, field: str) -> alt.Chart:
    """Draw a vertical line at a value of the x axis, such as a slider's."""
    return alt.Chart(pd.DataFrame({field: [value]})).mark_rule(strokeDash=[4, 4], color=GRAY).encode(x=f"{field}:Q")


def pass_ticks(table: pd.DataFrame) -> alt.Chart:
    """Draw the probabilities of each digit in all passes as ticks: columns `digit`, `probability`."""
    return (
        alt.Chart(table)
        .mark_tick(thickness=2, opacity=0.25, color=BLUE, height=16)
        .encode(
            x=alt.X("probability:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=4)),
            y=alt.Y("digit:O", title=None, axis=alt.Axis(labelFontSize=13, labelOverlap=False)),
            tooltip=["digit", alt.Tooltip("probability:Q", format=".1%")],
        )
        .properties(height=300)
    )


def bands(table: pd.DataFrame, x: alt.X, digits: Sequence[int]) -> alt.LayerChart:
    """Draw the mean and range of the digits' probabilities: columns `digit`, `mean`, `low`, `high` and the x axis's."""
    names = [str(digit) for digit in digits]
    color = alt.Color("digit:N", scale=colors(names), legend=legend(5))
    base = alt.Chart(table).encode(x=x, color=color)
    y_scale = alt.Scale(domain=[0, 1])
    area = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", scale=y_scale), y2="high:Q")
    line = base.mark_line(strokeWidth=2).encode(
        y=alt.Y("mean:Q", title="probability", scale=y_scale, axis=alt.Axis(format="%", tickCount=4)),
        tooltip=[
            "digit",
            x.shorthand.partition(":")[0],
            *[alt.Tooltip(f"{name}:Q", format=".1%") for name in ("mean", "low", "high")],
        ],
    )
    return (area + line).properties(height=HEIGHT)


def histograms(table: pd.DataFrame, order: Sequence[str]) -> alt.Chart:
    """Draw histograms of activations: columns `series`, `low`, `high`, `share`."""
    return (
        alt.Chart(table)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("low:Q", title="activation"),
            y=alt.Y("share:Q", title="share of all units and images", axis=alt.Axis(format="~%")),
            color=alt.Color("series:N", scale=colors(order), legend=legend()),
            tooltip=["series", "low", "high", alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=HEIGHT)
    )


def histories(table: pd.DataFrame, title: str, number_format: str, names: Sequence[str]) -> alt.Chart:
    """Draw curves over epochs: solid for test, dashed for training images.

    Args:
        table: columns `epoch`, `model`, `images` ("test" or "training"), `value`.
        title: of the y axis.
        number_format: of the values.
        names: the models, in the order of their colors.
    """
    return (
        alt.Chart(table)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1, format="d", grid=False)),
            y=alt.Y(
                "value:Q",
                title=title,
                scale=alt.Scale(zero=False),
                axis=alt.Axis(format="~%" if number_format.endswith("%") else "~g"),
            ),
            color=alt.Color("model:N", scale=colors(names), legend=legend(2)),
            strokeDash=alt.StrokeDash(
                "images:N",
                scale=alt.Scale(domain=["test", "training"], range=[[1, 0], [5, 4]]),
                legend=alt.Legend(orient="top", title=None),
            ),
            tooltip=["model", "images", "epoch", alt.Tooltip("value:Q", title=title, format=number_format)],
        )
        .properties(height=HEIGHT)
    )


def share_axis(field: str, title: str, number_format: str = "~%") -> alt.X:
    """Return an x axis for shares from 0 to 1."""
    return alt.X(f"{field}:Q", title=title, axis=alt.Axis(format=number_format, tickMinStep=0.1))
