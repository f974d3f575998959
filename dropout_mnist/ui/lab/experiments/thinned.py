"""Thinned networks: how well one of them does by itself."""

import altair as alt
import pandas as pd
import streamlit as st
import torch

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.subnetworks import thinned_probs
from dropout_mnist.shapes import CLASSES, INPUT_SIZE
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui import navigation
from dropout_mnist.ui.lab import charts, measurements, subject
from dropout_mnist.ui.lab.experiment import Estimate, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

NETWORKS = 100
_ASKED_RATE = 0.5
_FULL, _THINNED = mark("the full network"), mark("one thinned network")


def _show(screen: Screen) -> None:
    with screen.measured:
        results = measurements.get_or_explain("networks", "averaging")
        if results is not None:
            _show_measured(results, screen)
    with screen.try_it:
        chosen, right = subject.show_beside(screen.controls)
        if chosen is not None:
            with right:
                drop_prob = screen.controls.number(
                    "drop_prob", mark("drop_prob"), 0.0, 0.9, round(chosen.drop_prob, 2), 0.05
                )
                seed = int(screen.controls.number("masks", mark("Other masks"), 1, 50, 1, 1))
                _show_answers(chosen, drop_prob, seed)
                navigation.PLAYGROUND.link(_("See thinned networks answer as you draw"))


def _show_measured(results: pd.DataFrame, screen: Screen) -> None:
    table = _errors(results)
    asked = [screen.answer / 100] if isinstance(screen.answer, int | float) else []
    x, y = look.rate_axis(0.2, 0.6), look.fitting_axis(_("test error"), [*table["mean"], *asked], shares=True)
    measured = charts.with_intervals(table, x, y, ".2%", {_(_FULL): look.BLUE, _(_THINNED): look.ORANGE})
    chart = charts.layers(measured, charts.prediction(screen.answer, x, y, _ASKED_RATE, 0.01))
    charts.show(chart, table, "thinned", _("Test error over drop_prob.") + " " + _describe(table))
    st.markdown(_describe(table))


def _errors(results: pd.DataFrame) -> pd.DataFrame:
    """Return the test errors of the full network and of a single thinned one by `drop_prob`."""
    single = results[results["k"] == 1]
    columns = {_FULL: "full_network_error", _THINNED: "test_error"}
    return pd.concat(
        [measurements.means(single, ["drop_prob"], column).assign(series=_(name)) for name, column in columns.items()]
    )


def _describe(table: pd.DataFrame) -> str:
    by_series = table.set_index(["series", "drop_prob"])["mean"]
    rates = sorted(table["drop_prob"].unique())
    return " ".join(
        _(
            "With drop_prob {rate}, one thinned network misreads {thinned} of the test images, the full network "
            "{full}.",
            rate=f"{rate:g}",
            thinned=f"{by_series[_(_THINNED), rate]:.2%}",
            full=f"{by_series[_(_FULL), rate]:.2%}",
        )
        for rate in rates
    )


def _show_answers(chosen: subject.Subject, drop_prob: float, seed: int) -> None:
    images = chosen.image.expand(NETWORKS, INPUT_SIZE)
    digits = thinned_probs(chosen.network, images, drop_prob, seed).argmax(dim=1)
    counts = torch.bincount(digits, minlength=CLASSES).tolist()
    full = chosen.answer().digit
    table = pd.DataFrame({"digit": range(CLASSES), "networks": counts})
    bars = alt.Chart(table).mark_bar(color=look.SKY, cornerRadiusEnd=2)
    chart = bars.encode(
        x=alt.X("digit:O", title=_("answer"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "networks:Q",
            title=_("of {count} thinned networks", count=NETWORKS),
            scale=alt.Scale(domain=[0, NETWORKS]),
        ),
        tooltip=[alt.Tooltip("digit:O", title=_("answer")), alt.Tooltip("networks:Q", title=_("networks"))],
    ).properties(height=220)
    given = ", ".join(f"{digit}: {count}" for digit, count in enumerate(counts) if count)
    alt_text = _("Answers of {count} thinned networks: {answers}", count=NETWORKS, answers=given)
    charts.show(chart, table, "thinned_answers", alt_text)
    st.container(key="thinned_text").markdown(
        _(
            "The full network answers **{digit}**. Of {count} thinned networks, **{same}** answer the same.",
            digit=full,
            count=NETWORKS,
            same=counts[full],
        )
    )


def _verdict() -> Verdict | None:
    results = measurements.get("networks", "averaging")
    return None if results is None else Verdict(Outcome.HOLDS, _describe(_errors(results)))


EXPERIMENT = Experiment(
    key="thinned",
    title=mark("Thinned networks"),
    question=mark("Can a network still read digits while half of its units are dropped?"),
    why=mark(
        "In every training step, dropout trains a different, smaller network: the units that remain when each hidden "
        "unit is dropped with probability `drop_prob`. In train() mode it draws such a mask for each image and scales "
        "the kept units by 1/(1 - `drop_prob`), which preserves the expected input of the next layer. In eval() mode "
        "it drops and scales nothing: the full network answers. (Running statistics belong to batch normalization, "
        "which this network does not use.)"
    ),
    prediction=Estimate(
        mark(
            "A network trained with drop_prob 0.5 misreads fewer than 2% of the test images. What share does it "
            "misread while each unit is dropped with probability 0.5?"
        ),
        low=1.0,
        high=50.0,
        start=20.0,
        step=0.5,
        number_format="%.1f%%",
    ),
    show=_show,
    verdict=_verdict,
    sweep="networks",
    source=mark("Srivastava et al. 2014, sections 1 and 4 and figure 1."),
    config=TrainConfig(drop_prob=0.5),
)
