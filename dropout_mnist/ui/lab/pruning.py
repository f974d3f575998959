"""Section 6, second half: units are taken out of trained networks."""

import streamlit as st

from dropout_mnist.evaluation import Prediction
from dropout_mnist.experiments.results import summarize
from dropout_mnist.experiments.subnetworks import LARGEST, RANDOM, cut_probs, removal_order
from dropout_mnist.model import MLP
from dropout_mnist.ui.answer import show_digit
from dropout_mnist.ui.lab import charts, figure
from dropout_mnist.ui.lab.features import COMPARED, compared_networks
from dropout_mnist.ui.lab.subject import Specimen

_SEED = 1


@st.fragment
def show(specimen: Specimen) -> None:
    """Show this half of the section."""
    st.markdown(
        "**Surgery.** Take a share of every hidden layer's units out of networks that are done with training. If units "
        "lean on each other, the rest fall; units that had to do without each other in training should stand."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        removed = st.slider("Units removed", 0, 95, 50, 5, format="%d%%", key="removed", width=300)
        order = st.segmented_control("Which", [LARGEST, RANDOM], default=LARGEST, required=True, key="removal_order")
        scaled = st.toggle("Scale the rest by 1/(1 - share), as in training", value=True, key="scaled")
    st.markdown("On the digit above:")
    with st.container(key="surgery_answers", horizontal=True, gap="medium"):
        for name, model in _networks(specimen).items():
            places = removal_order(model, order, _SEED)
            answer = Prediction(
                tuple(cut_probs(model, specimen.image[None], removed / 100, places, scaled)[0].tolist())
            )
            show_digit(name, answer)
    results = figure.get_results("networks", "surgery")
    if results is None:
        return
    chosen = results[(results["order"] == order) & (results["scaled"] == scaled)]
    table = summarize(chosen, ["drop_prob", "removed"], "test_accuracy")
    table["series"] = figure.rate_names(table)
    at = table[(table["removed"] * 100).round() == removed]
    words = ", ".join(f"{row['series']} {row['mean']:.1%}" for row in at.to_dict("records"))
    chart = charts.lines_with_errors(
        table, charts.share_axis("removed", "units removed from each hidden layer"), "test accuracy", ".1%"
    )
    figure.show(
        chart + charts.rule_at(removed / 100, "removed"),
        table,
        "surgery",
        f"Test accuracy over units removed, {order}. With {removed} % removed: {words}.",
    )
    st.container(key="surgery_words").markdown(
        f"*What to see:* with {removed} % of the units gone, {order}, the test accuracy is {words}. Scaled up, the "
        "rest of a network trained with dropout is one of the thinned networks that it was trained as."
    )
    st.caption(
        "“Largest first”: those with the largest weights to the next layer. "
        "The idea that dropout keeps units from leaning on each other (co-adaptation): Hinton et al., “Improving "
        "neural networks by preventing co-adaptation of feature detectors”, arXiv 1207.0580 (2012)."
    )


def _networks(specimen: Specimen) -> dict[str, MLP]:
    """Return the networks to operate on: the shipped ones, and that of the experiments if it is another."""
    found = compared_networks()
    if specimen.model.label not in COMPARED:
        found[specimen.model.label] = specimen.network
    return found
