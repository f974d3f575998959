"""Section 6, second half: trained networks are pruned."""

import streamlit as st

from dropout_mnist.evaluation import Prediction
from dropout_mnist.experiments.pruning import AT_RANDOM, LARGEST_FIRST, pruned_probs, removal_ranks
from dropout_mnist.experiments.results import summarize
from dropout_mnist.model import MLP
from dropout_mnist.ui.format import percent
from dropout_mnist.ui.lab import charts, figure
from dropout_mnist.ui.lab.features import COMPARED_NETWORKS, compared_networks
from dropout_mnist.ui.lab.subject import Subject

_SEED = 1


@st.fragment
def show(subject: Subject) -> None:
    """Show this half of the section."""
    st.markdown(
        "**Pruning.** Remove a share of each hidden layer's units from trained networks. Units that co-adapt fail "
        "without each other. Units that learned with dropout should be able to do without."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        removed = st.slider("Units removed", 0, 95, 50, 5, format="%d%%", key="removed", width=300)
        order = st.segmented_control(
            "Order", [LARGEST_FIRST, AT_RANDOM], default=LARGEST_FIRST, required=True, key="removal_order"
        )
        scaled = st.toggle(
            "Scale up as in training",
            value=True,
            key="scaled",
            help="Multiply the remaining units by 1/(1 - share), as dropout does in training.",
        )
    st.markdown("On the digit above:")
    with st.container(key="pruning_answers", horizontal=True, gap="medium"):
        for name, model in _networks(subject).items():
            ranks = removal_ranks(model, order, _SEED)
            probs = pruned_probs(model, subject.image[None], removed / 100, ranks, scaled)
            _show_answer(name, Prediction(tuple(probs[0].tolist())))
    results = figure.get_results("networks", "pruning")
    if results is None:
        return
    chosen = results[(results["order"] == order) & (results["scaled"] == scaled)]
    table = summarize(chosen, ["drop_prob", "removed"], "test_accuracy")
    table["series"] = figure.rate_names(table)
    at = table[(table["removed"] * 100).round() == removed]
    accuracies = ", ".join(f"{row['series']} {row['mean']:.1%}" for row in at.to_dict("records"))
    chart = charts.lines_with_errors(
        table, charts.share_axis("removed", "units removed from each hidden layer"), "test accuracy", ".1%"
    )
    figure.show(
        chart + charts.rule_at(removed / 100, "removed"),
        table,
        "pruning",
        f"Test accuracy over units removed, {order}. With {removed}% removed: {accuracies}.",
    )
    st.container(key="pruning_text").markdown(
        f"*What to see:* with {removed}% of the units removed, {order}, the test accuracy is {accuracies}. Dropout "
        "trains a network to work without some of its units, if the remaining ones are scaled up."
    )
    st.caption(
        "“Largest first” removes the units with the largest weights to the next layer first. Dropout against "
        "co-adaptation: Hinton et al., “Improving neural networks by preventing co-adaptation of feature detectors”, "
        "arXiv 1207.0580 (2012)."
    )


def _networks(subject: Subject) -> dict[str, MLP]:
    """Return the networks to prune: the shipped ones, and the subject's if it is another one."""
    found = compared_networks()
    if subject.model.is_uploaded or subject.model.checkpoint.name not in COMPARED_NETWORKS:
        found[subject.model.label] = subject.network
    return found


def _show_answer(name: str, answer: Prediction) -> None:
    """Show the most probable digit with its probability."""
    st.metric(
        name,
        str(answer.digit),
        f"{percent(answer.confidence)} sure",
        delta_color="off",
        delta_arrow="off",
        width="content",
    )
