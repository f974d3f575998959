"""Zeros or noise: dropout next to Gaussian noise, weight decay and early stopping."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.best_settings import (
    BERNOULLI,
    CHOSEN_WITH,
    DECAY,
    GAUSSIAN,
    HELD_OUT,
    NOTHING,
    STOPPING,
    compare_methods,
    measured_sizes,
)
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, live_run, measurements
from dropout_mnist.ui.lab.experiment import Choice, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_SWEEP = "regularizers"
_METHODS = {
    NOTHING: mark("Nothing"),
    BERNOULLI: mark("Dropout"),
    GAUSSIAN: mark("Gaussian noise"),
    DECAY: mark("Weight decay"),
    STOPPING: mark("Early stopping"),
}
# In a sentence, after "with".
_IN_SENTENCES = {
    NOTHING: mark("no method"),
    BERNOULLI: mark("dropout"),
    GAUSSIAN: mark("Gaussian noise"),
    DECAY: mark("weight decay"),
    STOPPING: mark("early stopping"),
}
# Of a live run: 10 epochs of 3,000 steps in total, whatever the number of images.
_EPOCHS, _SMALL_REPEATS = 10, 30
_DECAY_STRENGTH = 0.1


def _show(screen: Screen) -> None:
    sizes = _sizes()
    with screen.measured:
        if measurements.get_or_explain(_SWEEP) is not None:
            measurements.get_or_explain(_SWEEP, HELD_OUT)
        size = int(
            screen.controls.steps("images", mark("Training images"), sizes, sizes[0], format_func="{:,.0f}".format)
        )
    with screen.try_it:
        trained = {method: text for method, text in _METHODS.items() if method != STOPPING}
        method = screen.controls.choice("method", mark("Method"), trained, GAUSSIAN)
        config = live_run.trainable(_config(method))
        st.caption(_("A live run has 1,000 training images, shown 30 times in each of 10 epochs."))
        live_run.offer([config])
    table = _compare(size)
    if table is not None:
        with screen.measured:
            _show_measured(table, size, config, method, screen)


def _config(method: str) -> TrainConfig:
    return TrainConfig(
        drop_prob=0.5 if method in (BERNOULLI, GAUSSIAN) else 0.0,
        dropout_kind="gaussian" if method == GAUSSIAN else "bernoulli",
        weight_decay=_DECAY_STRENGTH if method == DECAY else 0.0,
        train_size=1_000,
        repeats=_SMALL_REPEATS,
        epochs=_EPOCHS,
    )


def _sizes() -> Sequence[int]:
    """Return the numbers of training images that were measured; all that could be if none was."""
    results, held_out = measurements.get(_SWEEP), measurements.get(_SWEEP, HELD_OUT)
    measured = [] if results is None or held_out is None else measured_sizes(results, held_out)
    return measured or list(CHOSEN_WITH)


def _compare(size: int) -> pd.DataFrame | None:
    """Return the error of each method with this many images, as `compare_methods` does; None if it is not measured.

    The column `setting` is added: the best setting in words.
    """
    results, held_out = measurements.get(_SWEEP), measurements.get(_SWEEP, HELD_OUT)
    if results is None or held_out is None:
        return None
    table = compare_methods(results, held_out, size)
    longest = results["epochs"].max()
    return None if table.empty else table.assign(setting=[_name_setting(row, longest) for row in table.itertuples()])


def _name_setting(row: Any, longest: int) -> str:
    if row.method == STOPPING:
        return _("after {epoch} of {epochs} epochs", epoch=row.epochs, epochs=longest)
    if row.drop_prob:
        return _("drop_prob {rate}", rate=f"{row.drop_prob:g}")
    return f"{row.weight_decay:g}" if row.weight_decay else ""


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
    st.caption(_explain_choice(size))
    if isinstance(screen.answer, str):
        best = min(table.to_dict("records"), key=lambda row: row["mean"])
        st.markdown(_("Measured: {answer}.", answer=names[best["method"]]))


def _explain_choice(size: int) -> str:
    """Return how the settings were chosen, in words."""
    text = _(
        "Each method at its best setting, chosen by the accuracy on 10,000 training images that the networks had not "
        "seen. The test images had no part in it. Early stopping is a choice of 1, 2, 5, 10 or all 15 epochs."
    )
    if CHOSEN_WITH[size] == size:
        return text
    more = _(
        "Of all {all} images none is left to choose by, so the settings are those that are best with {count} images.",
        all=f"{size:,}",
        count=f"{CHOSEN_WITH[size]:,}",
    )
    return f"{text} {more}"


def _describe(table: pd.DataFrame, size: int) -> str:
    parts = [
        _(
            "{error} with {method}",
            error=measurements.with_margin(row, 2),
            method=_(_IN_SENTENCES[row["method"]]) + (f" ({row['setting']})" if row["setting"] else ""),
        )
        for row in table.to_dict("records")
    ]
    return _("With {count} training images the test error is {values}.", count=f"{size:,}", values=", ".join(parts))


def _verdict() -> Verdict | None:
    tables = {size: table for size in _sizes() if (table := _compare(size)) is not None}
    if not tables:
        return None
    alike = [_are_alike(table) for table in tables.values()]
    outcome = Outcome.HOLDS if all(alike) else Outcome.ONLY_WHEN if any(alike) else Outcome.NOT_HERE
    return Verdict(outcome, " ".join(_describe(table, size) for size, table in tables.items()))


def _are_alike(table: pd.DataFrame) -> bool:
    """Whether the intervals of dropout and of Gaussian noise overlap."""
    rows = table.set_index("method")
    if not {BERNOULLI, GAUSSIAN} <= set(rows.index):
        return False
    zeros, noise = rows.loc[BERNOULLI], rows.loc[GAUSSIAN]
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
    config=_config(GAUSSIAN),
)
