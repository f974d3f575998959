"""When to drop: dropout in the first or in the last epochs only."""

import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.results import last_epochs
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, live_run, measurements
from dropout_mnist.ui.lab.experiment import Choice, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_SWEEP = "schedule"
_EPOCHS, _PART = 15, 5
_WHEN = {
    "never": mark("Never"),
    "first": mark("In the first epochs"),
    "last": mark("In the last epochs"),
    "always": mark("In all epochs"),
}
_WIDTHS = (32, 512)
_MEASURES = {"error": mark("Test error"), "train_loss": mark("Training loss")}


def _show(screen: Screen) -> None:
    results = measurements.get(_SWEEP)
    widths = _WIDTHS if results is None else tuple(sorted(_with_schedule(results)["width"].unique().tolist()))
    with screen.measured:
        measurements.get_or_explain(_SWEEP)
        width = int(screen.controls.steps("width", mark("Units in each layer"), widths, widths[0]))
    with screen.try_it:
        when = screen.controls.choice("when", mark("Dropout"), _WHEN, "first")
        config = live_run.trainable(_config(width, when))
        live_run.offer([config])
    if results is not None:
        with screen.measured:
            runs = _with_schedule(results)
            _show_measured(runs[runs["width"] == width], width, config, when)
            if isinstance(screen.answer, str):
                best = _WHEN[_best(runs[runs["width"] == widths[-1]], "error")]
                st.markdown(_("Measured with the widest networks: {answer}.", answer=_(best).lower()))


def _config(width: int, when: str) -> TrainConfig:
    first = _EPOCHS - _PART + 1 if when == "last" else 1
    last = _PART if when == "first" else None
    return TrainConfig(
        drop_prob=0.0 if when == "never" else 0.5,
        first_dropout_epoch=first if when != "never" else 1,
        last_dropout_epoch=last,
        hidden_sizes=(width,) * 4,
        epochs=_EPOCHS,
    )


def _with_schedule(results: pd.DataFrame) -> pd.DataFrame:
    """Return the last epoch of each run with its `error`, its `width`, and `when` it had dropout: a key of `_WHEN`."""
    last = last_epochs(results)
    begins = last["first_dropout_epoch"].fillna(1) > 1
    ends = last["last_dropout_epoch"].fillna(last["epochs"]) < last["epochs"]
    when = pd.Series("always", index=last.index).mask(ends, "first").mask(begins, "last")
    return last.assign(
        error=1 - last["test_accuracy"],
        # The loss with dropout off: with dropout on it is larger by construction.
        train_loss=last["eval_train_loss"],
        width=last["hidden_sizes"].astype(str).str.partition("x")[0].astype(int),
        when=when.mask(last["drop_prob"] == 0, "never"),
    )


def _show_measured(runs: pd.DataFrame, width: int, config: TrainConfig, when: str) -> None:
    names = {key: _(text) for key, text in _WHEN.items()}
    x = look.name_axis(_("Dropout").lower(), list(names.values()))
    for place, (column, title) in zip(st.columns(2, gap="medium"), _MEASURES.items(), strict=True):
        table = measurements.means(runs, ["when"], column)
        table = table.assign(name=table["when"].map(names), series=_("measured"))
        number_format = ".2%" if column == "error" else ".4f"
        y = look.fitting_axis(_(title).lower(), table["mean"].tolist(), shares=column == "error")
        live = live_run.last([config], "drop_prob", "error" if column == "error" else "eval_train_loss")
        live = live.assign(name=names[when])
        chart = charts.layers(charts.dots(table, x, y, number_format), charts.live(live, x, y, number_format))
        with place:
            st.markdown(f"**{_(title)}**")
            alt_text = _("{value} by when there is dropout, 95% intervals", value=_(title))
            charts.show(chart, table, f"schedule_{column}", alt_text)
    st.markdown(_describe(runs, width))


def _best(runs: pd.DataFrame, column: str) -> str:
    return str(runs.groupby("when")[column].mean().idxmin())


def _describe(runs: pd.DataFrame, width: int) -> str:
    errors = {row["when"]: row for row in measurements.means(runs, ["when"], "error").to_dict("records")}
    losses = runs.groupby("when")["train_loss"].mean()
    parts = [
        _(
            "{when} {error} (training loss {loss})",
            when=_(text).lower(),
            error=measurements.with_margin(errors[when], 2),
            loss=f"{losses[when]:.3f}",
        )
        for when, text in _WHEN.items()
        if when in errors
    ]
    return _(
        "With {count} units per layer, the test error with dropout is: {values}.",
        count=f"{width:,}",
        values=", ".join(parts),
    )


def _verdict() -> Verdict | None:
    results = measurements.get(_SWEEP)
    if results is None:
        return None
    runs = _with_schedule(results)
    narrow, wide = (runs[runs["width"] == width] for width in (runs["width"].min(), runs["width"].max()))
    early = _lowers(narrow, "first", "train_loss")
    late = _lowers(wide, "last", "error")
    outcome = Outcome.HOLDS if early and late else Outcome.ONLY_WHEN if early or late else Outcome.NOT_HERE
    texts = [_describe(part, int(part["width"].iloc[0])) for part in (narrow, wide)]
    return Verdict(outcome, " ".join(dict.fromkeys(texts)))


def _lowers(runs: pd.DataFrame, when: str, column: str) -> bool:
    """Whether dropout at these times gives a clearly lower value than none."""
    table = measurements.means(runs[runs["when"].isin(["never", when])], ["when"], column).set_index("when")
    return {"never", when} <= set(table.index) and bool(table["high"][when] < table["low"]["never"])


EXPERIMENT = Experiment(
    key="schedule",
    title=mark("When to drop"),
    question=mark("Is dropout better in a part of the epochs only?"),
    why=mark(
        "Early dropout is said to help networks that underfit, since it evens out the gradients; late dropout is said "
        "to help networks that overfit."
    ),
    prediction=Choice(mark("When does dropout give the widest networks the lowest test error?"), _WHEN),
    show=_show,
    verdict=_verdict,
    claims=("early-dropout", "late-dropout"),
    sweep=_SWEEP,
    source=mark(
        "Liu et al., “Dropout Reduces Underfitting”, ICML 2023: early dropout lowers the training loss of networks "
        "that underfit, late dropout improves the generalization of networks that overfit."
    ),
    config=_config(512, "first"),
)
