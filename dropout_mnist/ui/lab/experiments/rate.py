"""The dropout rate."""

from typing import Any

import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, curve, live_run, measurements
from dropout_mnist.ui.lab.experiment import Curve, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

# Rates that lose more points than this are left off the chart of differences, which would show nothing else.
_MOST_LOST = -2.0
_TEST, _TRAINING = mark("test images"), mark("training images")
_PREDICTION = Curve(
    question=mark("Draw the test error over drop_prob, from 0 to 0.9."),
    title=mark("test error, logarithmic"),
    place_title="drop_prob",
    places={tenth / 10: f"{tenth / 10:.1f}" for tenth in range(10)},
    # From 1 to 100%, in steps of about 8%.
    levels=[float(f"{10 ** (step / 30):.2g}") for step in range(61)],
    ticks=[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0],
    start=10.0,
    number_format="%.3g%%",
)


def _show(screen: Screen) -> None:
    with screen.try_it:
        drop_prob = screen.controls.number("drop_prob", mark("drop_prob"), 0.0, 0.9, 0.5, 0.05)
        configs = [live_run.trainable(TrainConfig(drop_prob=round(drop_prob, 2)))]
        live_run.offer(configs)
    with screen.measured:
        results = measurements.get_or_explain("rate")
        if results is not None:
            _show_measured(measurements.with_errors(results), screen, configs)


def _show_measured(runs: pd.DataFrame, screen: Screen, configs: list[TrainConfig]) -> None:
    parts = {_TEST: runs, _TRAINING: runs.assign(error=1 - runs["eval_train_accuracy"])}
    table = pd.concat(
        [measurements.means(part, ["drop_prob"], "error").assign(series=_(name)) for name, part in parts.items()]
    )
    x, y = look.rate_axis(), look.error_axis(_("error, dropout off"))
    # The logarithm of an interval that reaches zero would be endless.
    table["low"] = table["low"].clip(lower=table["mean"] / 2)
    predicted = charts.predicted_curve(screen.answer, _PREDICTION, x, 0.01)
    colors = {_(_TEST): look.BLUE, _(_TRAINING): look.GRAY}
    measured = charts.with_intervals(table, x, y, ".2%", colors, predicted=predicted)
    live = charts.live(live_run.last(configs, "drop_prob", "error"), x, y, ".2%")
    test = _by_rate(runs)
    values = ", ".join(f"{rate:.1f} {row['mean']:.2%}" for rate, row in test.items())
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(_("**Error**, logarithmic"))
        chart = charts.layers(measured, live)
        alt_text = _("Error over drop_prob, logarithmic. Test error: {values}.", values=values)
        charts.show(chart, table, "rate", alt_text + curve.alt_text(_PREDICTION, screen.answer))
    with right:
        gains = _gains(runs)
        shown = gains[gains["mean"] > _MOST_LOST]
        st.markdown(_("**Points of test error saved**, compared with no dropout"))
        y = look.points_axis(_("points saved"))
        measured = charts.with_intervals(shown.assign(series=_("saved")), x, y, "+.2f", {_("saved"): look.BLUE})
        chart = charts.layers(charts.zero_line(), measured)
        alt_text = _("Points of test error saved by dropout: {values}.", values=_list_gains(gains))
        charts.show(chart, gains, "rate_gains", alt_text)
        if len(shown) < len(gains):
            st.caption(_("Off the chart: {values}.", values=_list_gains(gains.drop(shown.index))))
    st.markdown(_describe(runs))
    if isinstance(screen.answer, tuple):
        st.markdown(curve.compare(_PREDICTION, screen.answer, {rate: 100 * row["mean"] for rate, row in test.items()}))


def _gains(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the points of test error that each rate above 0 saves, in pairs of the same seed."""
    rates = sorted(set(runs["drop_prob"]) - {0.0})
    saved = runs.assign(saved=-runs["error"])
    parts = [measurements.differences(saved, ["epoch"], "saved", (0.0, rate)).assign(drop_prob=rate) for rate in rates]
    return pd.concat(parts, ignore_index=True)


def _list_gains(gains: pd.DataFrame) -> str:
    return ", ".join(
        _("{value} at {rate}", value=f"{row['mean']:+.2f}", rate=f"{row['drop_prob']:.1f}")
        for row in gains.to_dict("records")
    )


def _by_rate(runs: pd.DataFrame) -> dict[float, dict[Any, Any]]:
    table = measurements.means(runs, ["drop_prob"], "error")
    return {row["drop_prob"]: row for row in table.to_dict("records")}


def _describe(runs: pd.DataFrame) -> str:
    test = _by_rate(runs)
    best = min(test, key=lambda rate: test[rate]["mean"])
    lowest, chosen, highest = (measurements.with_margin(test[rate], 2) for rate in (min(test), best, max(test)))
    return _(
        "The test error is {without} without dropout, {chosen} at the best rate measured, {best}, and {most} at "
        "{highest}.",
        without=lowest,
        chosen=chosen,
        best=f"{best:.1f}",
        most=highest,
        highest=f"{max(test):.1f}",
    )


def _verdict() -> Verdict | None:
    results = measurements.get("rate")
    if results is None:
        return None
    runs = measurements.with_errors(results)
    test = _by_rate(runs)
    best = min(test, key=lambda rate: test[rate]["mean"])
    alike = [rate for rate, row in test.items() if row["low"] <= test[best]["high"]]
    text = _(
        "Rates from {low} to {high} cannot be told apart from the best one.",
        low=f"{min(alike):.1f}",
        high=f"{max(alike):.1f}",
    )
    outcome = Outcome.ONLY_WHEN if max(alike) < max(test) else Outcome.HOLDS
    return Verdict(outcome, f"{text} {_describe(runs)}")


EXPERIMENT = Experiment(
    key="rate",
    title=mark("The rate"),
    question=mark("Is the exact dropout rate unimportant?"),
    why=mark(
        "The paper found a flat curve over a wide range. But too little dropout could change nothing, and too much "
        "could leave too few units to learn with."
    ),
    prediction=_PREDICTION,
    show=_show,
    verdict=_verdict,
    claims=("rate", "test-error"),
    sweep="rate",
    source=mark(
        "Srivastava et al. 2014, section 7.3 and figure 9a. Their networks, 784-2048-2048-2048-10, trained longer, "
        "with a larger learning rate, momentum and max-norm. In their table 2 a standard network has a test error of "
        "1.60%, one with dropout and ReLU (three layers of 1024 units) 1.25%, and one with max-norm as well 1.06%."
    ),
    config=TrainConfig(drop_prob=0.5),
)
