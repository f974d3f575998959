"""Section 2: many thinned networks, averaged, against the full one."""

import altair as alt
import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from dropout_mnist.evaluation import Prediction
from dropout_mnist.experiments.measurements import AVERAGED
from dropout_mnist.experiments.results import summarize
from dropout_mnist.experiments.subnetworks import thinned_probs
from dropout_mnist.shapes import INPUT_SIZE
from dropout_mnist.ui.charts import probability_bars
from dropout_mnist.ui.lab import charts, figure
from dropout_mnist.ui.lab.subject import Specimen

MOST = max(AVERAGED)
_SEED = 1


@st.fragment
def show(specimen: Specimen) -> None:
    """Show the section."""
    st.markdown(
        "**The full network, with nothing dropped, answers like the average of its thinned networks**, at the cost of "
        "one of them. That is why eval() needs no masks."
    )
    k = st.slider("Thinned networks averaged (k)", 1, MOST, 10, key="averaged")
    probs = thinned_probs(specimen.network, specimen.image.expand(MOST, INPUT_SIZE), specimen.drop_prob, _SEED)
    means = probs.cumsum(dim=0) / torch.arange(1, MOST + 1)[:, None]
    full = specimen.answer()
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="averaged_answer"):
        st.markdown(f"**On the digit above**: the average of {k} networks beside the full one")
        answers = {f"average of {k}": Prediction(tuple(means[k - 1].tolist())), "full network": full}
        st.altair_chart(
            probability_bars(answers),
            key="averaged_probabilities",
            alt=f"The average of {k} thinned networks says {answers[f'average of {k}'].digit}, the full {full.digit}.",
        )
        _show_convergence(means, full, k)
    with right:
        st.markdown("**On all test images**: the error of the average")
        _show_error(k)
    st.markdown(
        "*What to see:* a single thinned network errs more than the full one, and the more are averaged the closer "
        "they come to it. The paper needed about 50 for that."
    )
    st.caption("Srivastava et al. 2014, section 7.5 and figure 11.")


def _show_convergence(means: Tensor, full: Prediction, k: int) -> None:
    digits = full.ranking[:3]
    numbers = range(1, MOST + 1)
    table = pd.DataFrame(
        [
            {"k": number, "digit": str(digit), "mean": mean}
            for digit in digits
            for number, mean in zip(numbers, means[:, digit].tolist(), strict=True)
        ]
    )
    flat = pd.DataFrame({"digit": [str(digit) for digit in digits], "full": [full.probs[digit] for digit in digits]})
    colour = alt.Color("digit:N", scale=charts.colours([str(digit) for digit in digits]), legend=charts.legend())
    y = alt.Y("mean:Q", title="probability", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=4))
    lines = (
        alt.Chart(table).mark_line(strokeWidth=2).encode(x=alt.X("k:Q", title="networks averaged"), y=y, color=colour)
    )
    rules = alt.Chart(flat).mark_rule(strokeDash=[2, 3], strokeWidth=1.5).encode(y="full:Q", color=colour)
    chart = (lines + rules + charts.rule_at(k, "k")).properties(height=240)
    figure.show(
        chart, table, "convergence", "Probabilities of the three likeliest digits over the number of networks averaged."
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
    colour = alt.Color("series:N", scale=charts.colours(list(full["series"])), legend=charts.legend())
    rules = alt.Chart(full).mark_rule(strokeDash=[2, 3], strokeWidth=2).encode(y="mean:Q", color=colour)
    x = alt.X(
        "k:Q",
        title="networks averaged (k)",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(values=list(AVERAGED)),
    )
    chart = charts.lines_with_errors(table, x, "test error", errors="spread over draws")
    words = "; ".join(f"{row['series']}: full network {row['mean']:.2%}" for row in full.to_dict("records"))
    figure.show(
        chart + rules + charts.rule_at(k, "k"), table, "averaging", f"Test error over networks averaged. {words}."
    )
    st.caption(
        "Dotted: the full network. Bars: standard deviation over draws of the masks (400 networks in groups of k), "
        "averaged over the trained networks."
    )
    figure.describe("networks", results)
