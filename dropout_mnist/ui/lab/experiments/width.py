"""Wide or narrow: whether a network with dropout must be wider."""

import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, live_run, measurements
from dropout_mnist.ui.lab.experiment import Estimate, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_SWEEP = "width"
_WIDTHS = (32, 64, 128, 256, 512)
_ASKED_WIDTH, _EPOCHS = 32, 5
_COMPARE = {"width": mark("Same width"), "kept": mark("Same number of units kept on average")}


def _show(screen: Screen) -> None:
    with screen.try_it:
        width = int(screen.controls.steps("width", mark("Units in each of four layers"), _WIDTHS, _ASKED_WIDTH))
        drop_prob = screen.controls.number("drop_prob", mark("drop_prob"), 0.0, 0.9, 0.5, 0.1)
        config = live_run.trainable(
            TrainConfig(drop_prob=round(drop_prob, 1), hidden_sizes=(width,) * 4, epochs=_EPOCHS)
        )
        st.caption(_("A live run has 5 epochs, to end soon: the measured ones have more."))
        live_run.offer([config])
    with screen.measured:
        results = measurements.get_or_explain(_SWEEP)
        if results is not None:
            kept = screen.controls.choice("compare", mark("Compare networks with"), _COMPARE) == "kept"
            _show_measured(_with_width(results), kept, config, screen)


def _with_width(results: pd.DataFrame) -> pd.DataFrame:
    """Return the last epoch of each run with its `width` and the number of units `kept` on average."""
    runs = measurements.with_errors(results)
    width = runs["hidden_sizes"].astype(str).str.partition("x")[0].astype(int)
    return runs.assign(width=width, kept=width * (1 - runs["drop_prob"]))


def _show_measured(runs: pd.DataFrame, kept: bool, config: TrainConfig, screen: Screen) -> None:
    field = "kept" if kept else "width"
    table = measurements.with_names(measurements.means(runs, ["drop_prob", field], "error"))
    title = _("units kept on average in each layer") if kept else _("units in each layer")
    x, y = look.log_axis(field, title, sorted(runs["width"].unique())), look.error_axis()
    live = live_run.last([config], "drop_prob", "error").assign(**{field: _place(config, kept)})
    at = _ASKED_WIDTH * (0.5 if kept else 1.0)
    prediction = charts.prediction(screen.answer, x, y, at, 0.01)
    chart = charts.layers(charts.with_intervals(table, x, y, ".2%"), charts.live(live, x, y, ".2%"), prediction)
    alt_text = _("Test error over {title}, both logarithmic.", title=title) + " " + _describe(runs)
    charts.show(chart, table, "width", alt_text)
    st.markdown(_describe(runs))


def _place(config: TrainConfig, kept: bool) -> float:
    return config.hidden_sizes[0] * (1 - config.drop_prob if kept else 1)


def _ends(runs: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """Return the narrowest and the widest networks: their width, and their errors by `drop_prob`."""
    return [
        (int(width), measurements.means(runs[runs["width"] == width], ["drop_prob"], "error"))
        for width in (runs["width"].min(), runs["width"].max())
    ]


def _describe(runs: pd.DataFrame) -> str:
    return " ".join(
        _(
            "With {count} units per layer the test error is {values}.",
            count=f"{width:,}",
            values=measurements.by_rate(errors, 2),
        )
        for width, errors in _ends(runs)
    )


def _verdict() -> Verdict | None:
    results = measurements.get(_SWEEP)
    if results is None:
        return None
    runs = _with_width(results)
    (_narrow, narrow), (_wide, wide) = _ends(runs)
    hurts_narrow = narrow.iloc[-1]["low"] > narrow.iloc[0]["high"]
    hurts_wide = wide.iloc[-1]["low"] > wide.iloc[0]["high"]
    outcome = Outcome.NOT_HERE if not hurts_narrow else Outcome.ONLY_WHEN if hurts_wide else Outcome.HOLDS
    return Verdict(outcome, _describe(runs))


EXPERIMENT = Experiment(
    key="width",
    title=mark("Wide or narrow"),
    question=mark("Does a network with dropout have to be wider?"),
    why=mark(
        "With drop_prob 0.5, only half of the units learn in each step. So the paper advises to use n / (1 - "
        "drop_prob) units where n would do without dropout."
    ),
    prediction=Estimate(
        mark("With 32 units in each of four layers and drop_prob 0.5, what is the test error?"),
        low=1.0,
        high=50.0,
        start=10.0,
        step=0.5,
        number_format="%.1f%%",
    ),
    show=_show,
    verdict=_verdict,
    claims=("width",),
    sweep=_SWEEP,
    source=mark(
        "Srivastava et al. 2014, section 7.3 and appendix A.2: with as many units kept on average, small dropout rates "
        "no longer differ."
    ),
    config=TrainConfig(drop_prob=0.5, hidden_sizes=(32,) * 4),
)
