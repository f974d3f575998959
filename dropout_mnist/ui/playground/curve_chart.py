"""Draw curves over epochs: a color for each run, solid, dashed or dotted by what was measured."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from dropout_mnist.ui.chart_look import DASHED, DOTTED, GRAY, LINE, columns_by_width
from dropout_mnist.ui.language import translate as _

# Of the vertical axis: enough for every label, so that charts are aligned, next to and below each other.
_AXIS_WIDTH = 56
# Up to this many epochs, each is marked.
_MARKED_EPOCHS = 30
_HEIGHT = 360
_DASHES = ([1, 0], DASHED, DOTTED)


def draw(
    table: pd.DataFrame,
    colors: Mapping[str, str],
    measures: Sequence[str],
    last_epoch: int,
    title: str,
    number_format: str,
) -> alt.LayerChart:
    """Draw the curves.

    Args:
        table: columns `run`, `measure`, `seed`, `epoch` and `value`.
        colors: of the runs.
        measures: at most three: solid, dashed and dotted.
        last_epoch: where the horizontal axis ends, however far the runs are.
        title: of the vertical axis.
        number_format: of exact values.
    """
    base = alt.Chart(table).encode(
        x=alt.X(
            "epoch:Q",
            title=_("epoch"),
            scale=alt.Scale(domain=[1, max(2, last_epoch)]),
            axis=alt.Axis(tickMinStep=1, format="d", grid=False),
        ),
        y=alt.Y(
            "value:Q",
            title=title,
            scale=alt.Scale(zero=False),
            # These formats have as many digits as the ticks need to differ.
            axis=alt.Axis(
                format="~%" if number_format.endswith("%") else "~g",
                tickCount=6,
                minExtent=_AXIS_WIDTH,
                maxExtent=_AXIS_WIDTH,
            ),
        ),
        color=alt.Color(
            "run:N",
            scale=alt.Scale(domain=list(colors), range=list(colors.values())),
            legend=_legend("bottom", symbolStrokeWidth=3, labelLimit=260),
        ),
        tooltip=[
            alt.Tooltip("run:N", title=_("run")),
            alt.Tooltip("measure:N", title=_("measured on")),
            alt.Tooltip("seed:N", title=_("seed")),
            alt.Tooltip("epoch:Q", title=_("epoch")),
            alt.Tooltip("value:Q", title=title, format=number_format),
        ],
    )
    dashes = alt.StrokeDash(
        "measure:N",
        scale=alt.Scale(domain=list(measures), range=list(_DASHES[: len(measures)])),
        legend=_legend("top", symbolStrokeColor=GRAY, symbolStrokeWidth=2, symbolSize=400),
    )
    lines = base.mark_line(strokeWidth=LINE).encode(strokeDash=dashes, detail="seed:N")
    # A layer of their own: as a part of the lines, they would hide the dashes in the legend.
    marks = base.mark_circle(size=25 if last_epoch <= _MARKED_EPOCHS else 0, opacity=1)
    return (lines + marks).properties(height=_HEIGHT)


def _legend(orient: str, **options: object) -> alt.Legend:
    return alt.Legend(orient=orient, title=None, columns=columns_by_width(3), symbolType="stroke", **options)  # type: ignore[arg-type]
