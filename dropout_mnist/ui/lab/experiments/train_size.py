"""For which training-set sizes dropout helps."""

from typing import Any

import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, curve, live_run, measurements
from dropout_mnist.ui.lab.experiment import Curve, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_SIZES = (100, 500, 1_000, 5_000, 10_000, 60_000)
_PREDICTION = Curve(
    question=mark(
        "Draw how many points of test error dropout saves with each number of training images. Below zero, it costs "
        "some."
    ),
    title=mark("points saved"),
    place_title=mark("training images"),
    places=dict(zip(_SIZES, ("100", "500", "1k", "5k", "10k", "60k"), strict=True)),
    levels=[tenth / 10 for tenth in range(-50, 51)],
    ticks=[-4.0, -2.0, 0.0, 2.0, 4.0],
    start=0.0,
    number_format="%+.1f",
)
# Of the slider at first.
_FEW = 1_000
# A live run makes this many steps, of one epoch for each seventh of them.
_EPOCHS, _STEPS, _BATCH = 10, 3_000, 100


def _show(screen: Screen) -> None:
    with screen.try_it:
        size = int(screen.controls.steps("images", mark("Training images"), _SIZES, _FEW, format_func=_count))
        configs = [live_run.trainable(_config(size, drop_prob)) for drop_prob in (0.0, 0.5)]
        live_run.offer(configs)
    with screen.measured:
        results = measurements.get_or_explain("train_size")
        if results is not None:
            _show_measured(measurements.with_errors(results), screen, configs)


def _show_measured(runs: pd.DataFrame, screen: Screen, configs: list[TrainConfig]) -> None:
    table = measurements.with_names(measurements.means(runs, ["drop_prob", "train_size"], "error"))
    sizes = sorted(table["train_size"].unique())
    x, y = look.log_axis("train_size", _("training images"), sizes), look.error_axis()
    measured = charts.with_intervals(table, x, y, ".2%")
    live = live_run.last(configs, "train_size", "error")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(_("**Test error**"))
        chart = charts.layers(measured, charts.live(live, x, y, ".2%"))
        alt_text = _("Test error over training images, logarithmic. {values}", values=_list(table))
        charts.show(chart, table, "train_size", alt_text)
    gains = gains_by_size(runs)
    with right:
        st.markdown(_("**Points of test error saved by dropout**, with 95% intervals"))
        y = look.points_axis(_("points saved"))
        predicted = charts.predicted_curve(screen.answer, _PREDICTION, x)
        measured = charts.with_intervals(gains.assign(series=_("saved")), x, y, "+.2f", predicted=predicted)
        chart = charts.layers(charts.zero_line(), measured, charts.live(_live_gain(live), x, y, "+.2f"))
        alt_text = _("Points of test error saved by dropout: {values}.", values=_list_gains(gains))
        charts.show(chart, gains, "gains", alt_text + curve.alt_text(_PREDICTION, screen.answer))
    st.markdown(_describe(gains))
    if isinstance(screen.answer, tuple):
        measured_gains = dict(zip(gains["train_size"], gains["mean"], strict=True))
        st.markdown(curve.compare(_PREDICTION, screen.answer, measured_gains))


def gains_by_size(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the points of test error that dropout saves for each training-set size, with 95% intervals.

    Args:
        runs: columns `drop_prob` (0 and 0.5), `train_size`, `seed` and `error`.
    """
    return measurements.differences(runs.assign(gain=-runs["error"]), ["train_size"], "gain", (0.0, 0.5))


def _describe(gains: pd.DataFrame) -> str:
    helps, hurts, unclear = _sort(gains)
    sentences = [
        _("Dropout clearly helps with {sizes} images.", sizes=_join(helps))
        if len(helps)
        else _("Dropout clearly helps at no size."),
        _("It clearly hurts with {sizes}.", sizes=_join(hurts)) if len(hurts) else "",
        _("With {sizes} the 95% interval includes zero.", sizes=_join(unclear)) if len(unclear) else "",
    ]
    return " ".join(filter(None, sentences))


def _verdict() -> Verdict | None:
    results = measurements.get("train_size")
    if results is None:
        return None
    gains = gains_by_size(measurements.with_errors(results))
    helps = _sort(gains)[0]
    best = max(gains.to_dict("records"), key=lambda row: row["mean"])
    text = _(
        "It saves most with {count} images: {points} ± {margin} points.",
        count=f"{best['train_size']:,.0f}",
        points=f"{best['mean']:.2f}",
        margin=f"{best['margin']:.2f}",
    )
    outcome = Outcome.NOT_HERE if helps.empty else Outcome.HOLDS if len(helps) == len(gains) else Outcome.ONLY_WHEN
    return Verdict(outcome, f"{text} {_describe(gains)}")


def _sort(gains: pd.DataFrame) -> tuple["pd.Series[Any]", "pd.Series[Any]", "pd.Series[Any]"]:
    """Return the sizes where dropout clearly helps, clearly hurts, and where neither is clear."""
    helps, hurts = gains["low"] > 0, gains["high"] < 0
    return gains["train_size"][helps], gains["train_size"][hurts], gains["train_size"][~helps & ~hurts]


def _live_gain(live: pd.DataFrame) -> pd.DataFrame:
    if len(live) < 2:
        return pd.DataFrame()
    gain = (live["mean"].iloc[0] - live["mean"].iloc[1]) * 100
    return live.tail(1).assign(series=_("live"), mean=gain)


def _config(size: int, drop_prob: float) -> TrainConfig:
    """Return a live run with as many steps for few images as for many."""
    train_size = size if size < max(_SIZES) else None
    repeats = max(1, round(_STEPS / _EPOCHS * _BATCH / size))
    return TrainConfig(drop_prob=drop_prob, train_size=train_size, repeats=repeats, epochs=_EPOCHS)


def _count(size: float) -> str:
    return f"{size:,.0f}"


def _join(sizes: "pd.Series[Any]") -> str:
    names = [f"{size:,.0f}" for size in sizes]
    if len(names) == 1:
        return names[0]
    return _("{first} and {last}", first=", ".join(names[:-1]), last=names[-1])


def _list(table: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['series']}, {row['train_size']:,.0f}: {row['mean']:.2%}" for row in table.to_dict("records")
    )


def _list_gains(gains: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['train_size']:,.0f}: {row['mean']:+.2f} ± {row['margin']:.2f}" for row in gains.to_dict("records")
    )


EXPERIMENT = Experiment(
    key="little-data",
    title=mark("Little data"),
    question=mark("Does dropout help more when there are few training images?"),
    why=mark(
        "With few images a network memorizes them soon, and dropout is said to prevent that. But with very few, a "
        "thinned network may learn too little."
    ),
    prediction=_PREDICTION,
    show=_show,
    verdict=_verdict,
    claims=("train-size", "test-error"),
    sweep="train_size",
    source=mark(
        "Srivastava et al., “Dropout”, JMLR 15 (2014), section 7.4 and figure 10, with a network of "
        "784-1024-1024-2048-10: no gain with 100 and 500 images; from 1,000 on it gains, less again with all 60,000."
    ),
    config=TrainConfig(drop_prob=0.5, train_size=1_000, repeats=60),
)
