"""Watch a run as it trains: the loss of every batch, and what its network makes of the visitor's digit."""

import math
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
import torch
from numpy.typing import NDArray

from dropout_mnist.recording.recording import Answer
from dropout_mnist.recording.smoothing import average_windows
from dropout_mnist.server.pace import steps_per_epoch
from dropout_mnist.server.runs import Run
from dropout_mnist.shapes import CLASSES
from dropout_mnist.ui.chart_look import BLUE, GRAY, ORANGE
from dropout_mnist.ui.charts import MAX_POINTS
from dropout_mnist.ui.format import percent
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground import draw
from dropout_mnist.ui.resources import training_queue

_HEIGHT = 260
# Of the line through the losses: few, so that it is smooth.
_WINDOWS = 40
# A network that has memorized its images has losses far below this, which would squeeze the rest of the axis.
_LOWEST_LOSS = 1e-4


def show(run: Run) -> None:
    """Show how a run goes that is in training; the page calls this repeatedly."""
    recording = training_queue().recording(run.id)
    if recording is None:
        return
    pixels = draw.current_pixels()
    if pixels is not None:
        recording.watch(pixels)
    losses = recording.losses
    if not losses:
        return
    batches = torch.cat(losses).numpy()
    first = (recording.first_epoch - 1) * steps_per_epoch(run.config)
    last = first + len(batches)
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="batch_losses"):
        _show_losses(batches, first, last)
    with right, st.container(key="watched_digit"):
        if pixels is None:
            st.caption(_("Draw a digit above to see what the network makes of it as it learns."))
        else:
            _show_answers(recording.answers(pixels), last)


def _show_losses(losses: NDArray[np.float32], first: int, last: int) -> None:
    batch, average = _("one batch"), _("average")
    ends, means = average_windows(losses, _WINDOWS)
    steps = np.arange(len(losses))[:: -math.ceil(len(losses) / MAX_POINTS)]
    batches = pd.DataFrame({"step": first + steps + 1, "loss": losses[steps]})
    table = pd.concat(
        [batches.assign(kind=batch), pd.DataFrame({"step": first + ends, "loss": means, "kind": average})]
    )
    table["loss"] = table["loss"].clip(lower=_LOWEST_LOSS)
    base = alt.Chart(table).encode(
        x=_step_axis(last),
        y=alt.Y(
            "loss:Q",
            title=_("loss (cross entropy, nats)"),
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(format="~g", tickCount=4, grid=False),
        ),
        color=_color("kind", {batch: GRAY, average: BLUE}),
        tooltip=[
            alt.Tooltip("step:Q", title=_("step"), format=",d"),
            alt.Tooltip("loss:Q", title=_("Loss").lower(), format=".4f"),
        ],
    )
    points = base.transform_filter(alt.datum.kind == batch).mark_circle(size=14, opacity=0.4)
    line = base.transform_filter(alt.datum.kind == average).mark_line(strokeWidth=2.5)
    st.altair_chart(
        (points + line).properties(height=_HEIGHT),
        key="batch_loss_chart",
        alt=_(
            "Loss of the batches: {loss} on average at step {step}.",
            loss=f"{means[-1]:.3f}",
            step=f"{first + ends[-1]:,}",
        ),
    )


def _show_answers(answers: Sequence[Answer], last: int) -> None:
    if not answers:
        return
    latest = answers[-1].prediction
    text = _(
        "Your digit after {step} steps: **{digit}**, {percent}",
        step=f"{answers[-1].step:,}",
        digit=latest.digit,
        percent=percent(latest.confidence),
    )
    shown = answers[:: -math.ceil(len(answers) / MAX_POINTS)]
    others = _("other digits")
    names = [str(digit) if digit in latest.ranking[:2] else others for digit in range(CLASSES)]
    table = pd.DataFrame(
        {"step": answer.step, "digit": digit, "name": names[digit], "probability": prob}
        for answer in shown
        for digit, prob in enumerate(answer.prediction.probs)
    )
    colors = dict(zip([*(str(digit) for digit in latest.ranking[:2]), others], (BLUE, ORANGE, GRAY), strict=True))
    chart = (
        alt.Chart(table)
        .mark_line(strokeWidth=2, clip=True)
        .encode(
            x=_step_axis(last),
            y=alt.Y(
                "probability:Q",
                title=_("probability"),
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
            color=_color("name", colors),
            detail="digit:N",
            tooltip=[
                alt.Tooltip("step:Q", title=_("step"), format=",d"),
                alt.Tooltip("digit:N", title=_("digit")),
                alt.Tooltip("probability:Q", title=_("probability"), format=".1%"),
            ],
        )
        .properties(height=_HEIGHT)
    )
    st.altair_chart(chart, key="watched_digit_chart", alt=text.replace("*", ""))
    st.caption(text)


def _step_axis(last: int) -> alt.X:
    return alt.X(
        "step:Q",
        title=_("step"),
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(format=",d", tickCount=5, grid=False),
    )


def _color(field: str, colors: Mapping[str, str]) -> alt.Color:
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(colors), range=list(colors.values())),
        legend=alt.Legend(orient="top", title=None, symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1),
    )
