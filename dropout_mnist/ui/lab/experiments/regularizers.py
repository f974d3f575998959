"""Zeros or noise: dropout next to Gaussian noise, weight decay and early stopping."""

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.results import last_epochs
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, live_run, measurements
from dropout_mnist.ui.lab.experiment import Choice, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_SWEEP = "regularizers"
_NONE, _BERNOULLI, _GAUSSIAN, _DECAY, _EARLY = "none", "bernoulli", "gaussian", "decay", "early"
_METHODS = {
    _NONE: mark("Nothing"),
    _BERNOULLI: mark("Dropout"),
    _GAUSSIAN: mark("Gaussian noise"),
    _DECAY: mark("Weight decay"),
    _EARLY: mark("Early stopping"),
}
_ALL_IMAGES = 60_000
_SIZES = (1_000, _ALL_IMAGES)
# Of a live run: 10 epochs of 3,000 steps in total, whatever the number of images.
_EPOCHS, _SMALL_REPEATS = 10, 30
_DECAY_STRENGTH = 0.1


def _show(screen: Screen) -> None:
    results = measurements.get(_SWEEP)
    sizes = _SIZES if results is None else tuple(sorted(_sizes(results).unique().tolist()))
    with screen.measured:
        measurements.get_or_explain(_SWEEP)
        size = int(
            screen.controls.steps("images", mark("Training images"), sizes, sizes[0], format_func="{:,.0f}".format)
        )
    with screen.try_it:
        trained = {method: text for method, text in _METHODS.items() if method != _EARLY}
        method = screen.controls.choice("method", mark("Method"), trained, _GAUSSIAN)
        config = live_run.trainable(_config(method))
        st.caption(_("A live run has 1,000 training images, shown 30 times in each of 10 epochs."))
        live_run.offer([config])
    if results is not None:
        with screen.measured:
            _show_measured(_best_settings(results, size), size, config, method, screen)


def _config(method: str) -> TrainConfig:
    return TrainConfig(
        drop_prob=0.5 if method in (_BERNOULLI, _GAUSSIAN) else 0.0,
        dropout_kind="gaussian" if method == _GAUSSIAN else "bernoulli",
        weight_decay=_DECAY_STRENGTH if method == _DECAY else 0.0,
        train_size=1_000,
        repeats=_SMALL_REPEATS,
        epochs=_EPOCHS,
    )


def _sizes(results: pd.DataFrame) -> "pd.Series[int]":
    return results["train_size"].fillna(_ALL_IMAGES).astype(int)


def _best_settings(results: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return each method's error at its best setting with this many images, as `measurements.means` does.

    Two columns are added: `method`, a key of `_METHODS`, and `setting`, its best one in words.
    """
    rows = results[_sizes(results) == size]
    last = last_epochs(rows)
    method = pd.Series(_BERNOULLI, index=last.index).mask(last["dropout_kind"] == "gaussian", _GAUSSIAN)
    method = method.mask(last["drop_prob"] == 0, _NONE).mask(last["weight_decay"] > 0, _DECAY)
    runs = last.assign(method=method, error=1 - last["test_accuracy"])
    plain = rows[(rows["drop_prob"] == 0) & (rows["weight_decay"] == 0)]
    stopped = plain.loc[plain.groupby("run")["test_accuracy"].idxmax()]
    runs = pd.concat([runs, stopped.assign(method=_EARLY, error=1 - stopped["test_accuracy"])])
    table = measurements.means(runs, ["method", "drop_prob", "weight_decay"], "error")
    best = table.loc[table.groupby("method")["mean"].idxmin()]
    setting = best.apply(_name_setting, axis=1)
    order = list(_METHODS)
    return best.assign(setting=setting).sort_values("method", key=lambda methods: methods.map(order.index))


def _name_setting(row: "pd.Series[float]") -> str:
    if row["drop_prob"]:
        return _("drop_prob {rate}", rate=f"{row['drop_prob']:g}")
    return _("weight decay {strength}", strength=f"{row['weight_decay']:g}") if row["weight_decay"] else ""


def _show_measured(table: pd.DataFrame, size: int, config: TrainConfig, method: str, screen: Screen) -> None:
    names = {key: _(text) for key, text in _METHODS.items()}
    table = table.assign(name=table["method"].map(names))
    x = look.name_axis(None, list(names.values()))
    y = alt.Y("mean:Q", title=_("test error"), scale=alt.Scale(zero=False), axis=alt.Axis(format="~%", tickCount=6))
    live = live_run.last([config], "drop_prob", "error").assign(name=names[method])
    is_comparable = size == config.train_size
    chart = charts.layers(charts.dots(table, x, y, ".2%"), charts.live(live, x, y, ".2%") if is_comparable else None)
    alt_text = _("Test error by method, with 95% intervals.") + " " + _describe(table, size)
    charts.show(chart, table, "regularizers", alt_text)
    st.markdown(_describe(table, size))
    st.caption(
        _(
            "Each method at its best setting on the test images, so all of them are slightly too good. Early stopping: "
            "the best epoch of the networks without any method."
        )
    )
    if isinstance(screen.answer, str):
        best = min(table.to_dict("records"), key=lambda row: row["mean"])
        st.markdown(_("Measured: {answer}.", answer=names[best["method"]]))


def _describe(table: pd.DataFrame, size: int) -> str:
    parts = [
        _(
            "{error} with {method}",
            error=measurements.with_margin(row, 2),
            method=_(_METHODS[row["method"]]).lower() + (f" ({row['setting']})" if row["setting"] else ""),
        )
        for row in table.to_dict("records")
    ]
    return _("With {count} training images the test error is {values}.", count=f"{size:,}", values=", ".join(parts))


def _verdict() -> Verdict | None:
    results = measurements.get(_SWEEP)
    if results is None:
        return None
    tables = {size: _best_settings(results, size) for size in sorted(_sizes(results).unique().tolist())}
    alike = [_are_alike(table) for table in tables.values()]
    outcome = Outcome.HOLDS if all(alike) else Outcome.ONLY_WHEN if any(alike) else Outcome.NOT_HERE
    return Verdict(outcome, " ".join(_describe(table, size) for size, table in tables.items()))


def _are_alike(table: pd.DataFrame) -> bool:
    """Whether the intervals of dropout and of Gaussian noise overlap."""
    rows = table.set_index("method")
    if not {_BERNOULLI, _GAUSSIAN} <= set(rows.index):
        return False
    zeros, noise = rows.loc[_BERNOULLI], rows.loc[_GAUSSIAN]
    return bool(zeros["low"] <= noise["high"] and noise["low"] <= zeros["high"])


EXPERIMENT = Experiment(
    key="zeros-or-noise",
    title=mark("Zeros or noise?"),
    question=mark("Does Gaussian noise of the same variance work as well as dropping units?"),
    why=mark(
        "Perhaps not the zeros matter, but that each unit's output is uncertain. Weight decay and early stopping hold "
        "a network back without any noise."
    ),
    prediction=Choice(mark("Which method has the lowest test error with 1,000 training images?"), _METHODS),
    show=_show,
    verdict=_verdict,
    claims=("gaussian", "weight-decay"),
    sweep=_SWEEP,
    source=mark(
        "Srivastava et al. 2014, section 10 and table 10: MNIST test error 0.95% with Gaussian noise instead of 1.08%. "
        "Wager et al., “Dropout Training as Adaptive Regularization”, NIPS 2013: equal to weight decay to first order, "
        "for linear models."
    ),
    config=_config(_GAUSSIAN),
)
