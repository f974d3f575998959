"""Draw the charts, in colors that color-blind people can distinguish (Okabe & Ito), on light and on dark pages."""

from collections.abc import Mapping

import altair as alt
import pandas as pd
from torch import Tensor

from dropout_mnist.evaluation import Prediction
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.chart_look import BLUE, ORANGE, SKY
from dropout_mnist.ui.language import translate as _

# The name of the selection that a click on a confusion matrix makes.
CONFUSION_CELL = "cell"

# Of a curve. More are not visible, and take long to send.
MAX_POINTS = 150


def probability_bars(predictions: Mapping[str, Prediction]) -> alt.Chart:
    """Draw the ten probabilities as bars, grouped by digit if there are several models; keys are the models' names."""
    table = pd.DataFrame(
        [
            {"model": name, "digit": digit, "probability": prob}
            for name, prediction in predictions.items()
            for digit, prob in enumerate(prediction.probs)
        ]
    )
    several = len(predictions) > 1
    names = list(predictions)
    color = alt.Color(
        "model:N",
        scale=alt.Scale(domain=names, range=[BLUE, ORANGE][: len(names)]),
        legend=look.legend(bars=True) if several else None,
    )
    chart = alt.Chart(table).mark_bar(cornerRadiusEnd=2)
    return chart.encode(
        y=alt.Y("digit:O", title=None, axis=alt.Axis(labelFontSize=14, ticks=False, domain=False, labelOverlap=False)),
        yOffset=alt.YOffset("model:N", sort=names) if several else alt.Undefined,
        x=alt.X(
            "probability:Q",
            title=_("probability"),
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%", tickCount=4),
        ),
        color=color,
        tooltip=[
            alt.Tooltip("model:N", title=_("model")),
            alt.Tooltip("digit:O", title=_("digit")),
            alt.Tooltip("probability:Q", title=_("probability"), format=".2%"),
        ],
    ).properties(height=380 if several else 280)


def confusion_heatmap(confusion: Tensor, chosen: tuple[int, int] | None, dark: bool) -> alt.LayerChart:
    """Draw a confusion matrix whose cells can be clicked; correct predictions have no color.

    Args:
        confusion: (10, 10) int64.
        chosen: the cell with a frame, (label, prediction).
        dark: whether the page is dark.
    """
    table = pd.DataFrame(
        [
            {"label": label, "prediction": prediction, "images": images}
            for label, row in enumerate(confusion.tolist())
            for prediction, images in enumerate(row)
        ]
    )
    table["mistakes"] = table["images"].where(table["label"] != table["prediction"], 0)
    max_mistakes = max(1, int(table["mistakes"].max()))
    base = alt.Chart(table).encode(
        x=alt.X("prediction:O", title=_("prediction"), axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("label:O", title=_("label")),
        tooltip=[
            alt.Tooltip("label:O", title=_("label")),
            alt.Tooltip("prediction:O", title=_("prediction")),
            alt.Tooltip("images:Q", title=_("images")),
        ],
    )
    few, many, on_few, on_many = ("#16344a", SKY, "white", "#10151d") if dark else ("#cfe6f5", BLUE, "#1c2430", "white")
    shade = alt.Color("mistakes:Q", legend=None, scale=alt.Scale(domain=[1, max(2, max_mistakes)], range=[few, many]))
    frame = f"datum.label === {chosen[0]} && datum.prediction === {chosen[1]}" if chosen else "false"
    cells = base.mark_rect(cursor="pointer", strokeWidth=3).encode(
        stroke=alt.condition(frame, alt.value(ORANGE), alt.value("transparent")),
        color=alt.condition("datum.mistakes > 0", shade, alt.value("transparent")),
    )
    number_color = alt.ExprRef(
        f"datum.mistakes > {max_mistakes / 2} ? '{on_many}' : datum.mistakes > 0 ? '{on_few}' : '#808690'"
    )
    numbers = base.mark_text(fontSize=11, color=number_color, cursor="pointer").encode(
        text=alt.condition("datum.images > 0", "images:Q", alt.value(""))
    )
    click = alt.selection_point(CONFUSION_CELL, fields=["label", "prediction"])
    return (cells.add_params(click) + numbers).properties(height=360)
