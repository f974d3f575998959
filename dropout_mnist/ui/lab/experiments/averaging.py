"""The average of many thinned networks, compared with the full network."""

import altair as alt
import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from dropout_mnist.config import TrainConfig
from dropout_mnist.evaluation import Prediction
from dropout_mnist.experiments.measurements import NETWORK_COUNTS
from dropout_mnist.experiments.subnetworks import thinned_probs
from dropout_mnist.shapes import INPUT_SIZE
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.charts import probability_bars
from dropout_mnist.ui.lab import charts, measurements, subject
from dropout_mnist.ui.lab.experiment import Estimate, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

MAX_NETWORKS = max(NETWORK_COUNTS)
_SEED = 1


def _show(screen: Screen) -> None:
    with screen.try_it:
        chosen, right = subject.show_beside(screen.controls)
        with right:
            k = int(screen.controls.number("averaged", mark("Thinned networks averaged (k)"), 1, MAX_NETWORKS, 10, 1))
            if chosen is not None:
                _show_average(chosen, k)
    with screen.measured:
        results = measurements.get_or_explain("networks", "averaging")
        if results is not None:
            _show_measured(results, screen, k)


def _show_measured(results: pd.DataFrame, screen: Screen, k: int) -> None:
    table = measurements.with_names(measurements.means(results, ["drop_prob", "k"], "test_error"))
    full = measurements.with_names(_full_errors(results))
    x = look.log_axis("k", _("networks averaged (k)"), NETWORK_COUNTS)
    y = look.fitting_axis(_("test error"), table["mean"].tolist(), shares=True)
    measured = charts.with_intervals(table, x, y, ".2%")
    color = alt.Color("series:N", scale=look.colors(list(full["series"])))
    rules = alt.Chart(full).mark_rule(strokeDash=look.DOTTED, strokeWidth=look.LINE).encode(y=y, color=color)
    prediction = charts.prediction(screen.answer, x, y, None)
    errors = ", ".join(measurements.value_at(f"{row['mean']:.2%}", row["drop_prob"]) for row in full.to_dict("records"))
    charts.show(
        charts.layers(measured, rules, prediction, charts.rule_at(k, x)),
        table,
        "averaging",
        _("Test error over networks averaged, logarithmic. Full network: {errors}.", errors=errors),
    )
    st.caption(_("Dotted: the full network. Each image was answered by 400 thinned networks, in groups of k."))
    st.markdown(_describe(results))


def _full_errors(results: pd.DataFrame) -> pd.DataFrame:
    return measurements.means(results[results["k"] == 1], ["drop_prob"], "full_network_error")


def _describe(results: pd.DataFrame) -> str:
    full = _full_errors(results).set_index("drop_prob")["mean"]
    errors = results.groupby(["drop_prob", "k"])["test_error"].mean()
    sentences = []
    for rate in full.index:
        enough = [k for k in NETWORK_COUNTS if errors[rate, k] <= full[rate]]
        found = (
            _("To be as good as that, the average takes {count} or fewer.", count=min(enough))
            if enough
            else _("To be as good as that, the average takes more than {count}.", count=MAX_NETWORKS)
        )
        measured = _(
            "With drop_prob {rate}, one thinned network has a test error of {one}, the average of {count} of "
            "{average}, the full network of {full}.",
            rate=f"{rate:g}",
            one=f"{errors[rate, 1]:.2%}",
            count=MAX_NETWORKS,
            average=f"{errors[rate, MAX_NETWORKS]:.2%}",
            full=f"{full[rate]:.2%}",
        )
        sentences += [measured, found]
    return " ".join(sentences)


def _show_average(chosen: subject.Subject, k: int) -> None:
    probs = thinned_probs(chosen.network, chosen.image.expand(MAX_NETWORKS, INPUT_SIZE), chosen.drop_prob, _SEED)
    means = probs.cumsum(dim=0) / torch.arange(1, MAX_NETWORKS + 1)[:, None]
    full, average = chosen.answer(), Prediction(tuple(means[k - 1].tolist()))
    difference = max(abs(first - second) for first, second in zip(full.probs, average.probs, strict=True))
    st.container(key="averaged_answer").markdown(
        _(
            "The average of {count} networks answers **{average}**, the full network **{full}**; no probability "
            "differs by more than {points} points.",
            count=k,
            average=average.digit,
            full=full.digit,
            points=f"{difference * 100:.1f}",
        )
    )
    st.altair_chart(
        probability_bars({_("average"): average, _("full network"): full}),
        key="averaged_probabilities",
        alt=_(
            "Average of {count} thinned networks: {average}. Full network: {full}.",
            count=k,
            average=average.digit,
            full=full.digit,
        ),
    )
    _show_convergence(means, full, k)


def _show_convergence(means: Tensor, full: Prediction, k: int) -> None:
    digits = full.ranking[:3]
    table = pd.DataFrame(
        [
            {"k": number, "digit": str(digit), "mean": mean}
            for digit in digits
            for number, mean in enumerate(means[:, digit].tolist(), start=1)
        ]
    )
    flat = pd.DataFrame({"digit": [str(digit) for digit in digits], "mean": [full.probs[digit] for digit in digits]})
    color = alt.Color("digit:N", scale=look.colors([str(digit) for digit in digits]), legend=look.legend(narrow=3))
    x, y = alt.X("k:Q", title=_("networks averaged")), look.probability_axis()
    lines = alt.Chart(table).mark_line(strokeWidth=look.LINE).encode(x=x, y=y, color=color)
    rules = alt.Chart(flat).mark_rule(strokeDash=look.DOTTED, strokeWidth=look.LINE).encode(y=y, color=color)
    charts.show(
        (lines + rules + charts.rule_at(k, x)).properties(height=260),
        table,
        "convergence",
        _("Probabilities of the three most probable digits over the number of networks averaged."),
    )
    st.caption(_("Dotted: the full network."))


def _verdict() -> Verdict | None:
    results = measurements.get("networks", "averaging")
    return None if results is None else Verdict(Outcome.HOLDS, _describe(results))


EXPERIMENT = Experiment(
    key="averaging",
    title=mark("Averaging"),
    question=mark("Is the full network as good as the average of many thinned networks?"),
    why=mark(
        "That is why eval() drops nothing: one pass of the full network is said to approximate the average of all its "
        "thinned networks."
    ),
    prediction=Estimate(
        mark("How many thinned networks must be averaged until they are as good as the full network?"),
        low=1,
        high=MAX_NETWORKS,
        start=100,
        step=1,
        number_format="%d",
    ),
    show=_show,
    verdict=_verdict,
    claims=("averaging",),
    sweep="networks",
    source=mark("Srivastava et al. 2014, section 7.5 and figure 11: about 50 networks are as good as the full one."),
    config=TrainConfig(drop_prob=0.5),
)
