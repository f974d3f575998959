"""Section 2: the average of many thinned networks, compared with the full network."""

import altair as alt
import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from dropout_mnist.evaluation import Prediction
from dropout_mnist.experiments.measurements import NETWORK_COUNTS
from dropout_mnist.experiments.results import summarize
from dropout_mnist.experiments.subnetworks import thinned_probs
from dropout_mnist.shapes import INPUT_SIZE
from dropout_mnist.ui.charts import probability_bars
from dropout_mnist.ui.lab import charts, figure
from dropout_mnist.ui.lab.subject import Subject

MAX_NETWORKS = max(NETWORK_COUNTS)
_SEED = 1


@st.fragment
def show(subject: Subject) -> None:
    """Show the section."""
    st.markdown(
        "**The full network approximates the average of its thinned networks**, in a single pass. That is why eval() "
        "drops nothing."
    )
    k = st.slider("Thinned networks averaged (k)", 1, MAX_NETWORKS, 10, key="averaged")
    probs = thinned_probs(subject.network, subject.image.expand(MAX_NETWORKS, INPUT_SIZE), subject.drop_prob, _SEED)
    means = probs.cumsum(dim=0) / torch.arange(1, MAX_NETWORKS + 1)[:, None]
    full = subject.answer()
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="averaged_answer"):
        st.markdown(f"**On the digit above**: the average of {k} networks next to the full network")
        answers = {f"average of {k}": Prediction(tuple(means[k - 1].tolist())), "full network": full}
        st.altair_chart(
            probability_bars(answers),
            key="averaged_probabilities",
            alt=f"Average of {k} thinned networks: {answers[f'average of {k}'].digit}. Full network: {full.digit}.",
        )
        _show_convergence(means, full, k)
    with right:
        st.markdown("**On all test images**: the test error of the average")
        _show_error(k)
    st.markdown(
        "*What to see:* a single thinned network makes more errors than the full network. The more networks are "
        "averaged, the closer their error comes to the full network's. In the paper that took about 50 networks."
    )
    st.caption("Srivastava et al. 2014, section 7.5 and figure 11.")


def _show_convergence(means: Tensor, full: Prediction, k: int) -> None:
    digits = full.ranking[:3]
    numbers = range(1, MAX_NETWORKS + 1)
    table = pd.DataFrame(
        [
            {"k": number, "digit": str(digit), "mean": mean}
            for digit in digits
            for number, mean in zip(numbers, means[:, digit].tolist(), strict=True)
        ]
    )
    flat = pd.DataFrame({"digit": [str(digit) for digit in digits], "full": [full.probs[digit] for digit in digits]})
    color = alt.Color("digit:N", scale=charts.colors([str(digit) for digit in digits]), legend=charts.legend())
    y = alt.Y("mean:Q", title="probability", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=4))
    lines = (
        alt.Chart(table).mark_line(strokeWidth=2).encode(x=alt.X("k:Q", title="networks averaged"), y=y, color=color)
    )
    rules = alt.Chart(flat).mark_rule(strokeDash=[2, 3], strokeWidth=1.5).encode(y="full:Q", color=color)
    chart = (lines + rules + charts.rule_at(k, "k")).properties(height=240)
    figure.show(
        chart,
        table,
        "convergence",
        "Probabilities of the three most probable digits over the number of networks averaged.",
    )
    st.caption("Dotted: the full network.")


def _show_error(k: int) -> None:
    results = figure.get_results("networks", "averaging")
    if results is None:
        return
    groups = results.groupby(["drop_prob", "k"], as_index=False)
    table = groups.agg(mean=("test_error", "mean"), standard_error=("spread", "mean"), runs=("run", "nunique"))
    table["series"] = figure.rate_names(table)
    full = summarize(results[results["k"] == 1], ["drop_prob"], "full_network_error")
    full["series"] = figure.rate_names(full)
    color = alt.Color("series:N", scale=charts.colors(list(full["series"])), legend=charts.legend())
    rules = alt.Chart(full).mark_rule(strokeDash=[2, 3], strokeWidth=2).encode(y="mean:Q", color=color)
    x = alt.X(
        "k:Q",
        title="networks averaged (k)",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(values=list(NETWORK_COUNTS)),
    )
    chart = charts.lines_with_errors(table, x, "test error", errors="spread over draws")
    errors = "; ".join(f"{row['series']}: full network {row['mean']:.2%}" for row in full.to_dict("records"))
    figure.show(
        chart + rules + charts.rule_at(k, "k"), table, "averaging", f"Test error over networks averaged. {errors}."
    )
    st.caption(
        "Dotted: the full network. Bars: standard deviation over groups of k thinned networks (400 in all), averaged "
        "over the trained networks."
    )
    figure.describe("networks", results)
