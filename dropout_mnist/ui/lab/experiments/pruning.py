"""Co-adaptation: trained networks lose their units with the largest weights."""

import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.evaluation import Prediction
from dropout_mnist.experiments.pruning import AT_RANDOM, LARGEST_FIRST, pruned_probs, removal_ranks
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, measurements, networks, subject
from dropout_mnist.ui.lab.experiment import Experiment, Outcome, Screen, Verdict, percentage
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_SEED = 1
_ASKED_SHARE = 0.5
_ORDERS = {"largest": mark("Largest first"), "random": mark("At random")}
_ORDER_NAMES = {"largest": LARGEST_FIRST, "random": AT_RANDOM}
_ORDER_CODES = {name: code for code, name in _ORDER_NAMES.items()}


def _show(screen: Screen) -> None:
    with screen.measured:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            removed = int(
                screen.controls.number("removed", mark("Units removed"), 0, 95, 50, 5, format="%d%%", width=300)
            )
            order = _ORDER_NAMES[screen.controls.choice("order", mark("Order"), _ORDERS)]
            scaled = screen.controls.switch(
                "scaled",
                mark("Scale up as in training"),
                True,
                help=_("Multiply the remaining units by 1/(1 - share), as dropout does in training."),
            )
        results = measurements.get_or_explain("networks", "pruning")
        if results is not None:
            _show_measured(_select(results, order, scaled), removed, order, screen)
    with screen.try_it:
        chosen, right = subject.show_beside(screen.controls)
        if chosen is not None:
            with right:
                _show_answers(chosen, removed, order, scaled)


def _select(results: pd.DataFrame, order: str, scaled: bool) -> pd.DataFrame:
    """Return the accuracies by `drop_prob` and share `removed` for one order of removal."""
    rows = results[(results["order"] == order) & (results["scaled"] == scaled)]
    return measurements.means(rows, ["drop_prob", "removed"], "test_accuracy")


def _show_measured(table: pd.DataFrame, removed: int, order: str, screen: Screen) -> None:
    table = measurements.with_names(table)
    x, y = look.share_axis("removed", _("units removed from each hidden layer")), look.accuracy_axis()
    measured = charts.with_intervals(table, x, y, ".1%")
    prediction = charts.prediction(screen.answer, x, y, _ASKED_SHARE, 0.01)
    text = _(
        "With {share}% of the units removed, {order}, the test accuracy is {values}.",
        share=removed,
        order=_(_ORDERS[_ORDER_CODES[order]]).lower(),
        values=_describe(table, removed),
    )
    charts.show(
        charts.layers(measured, prediction, charts.rule_at(removed / 100, x)),
        table,
        "pruning",
        _("Test accuracy over units removed.") + " " + text,
    )
    st.container(key="pruning_text").markdown(text)


def _describe(table: pd.DataFrame, removed: int) -> str:
    return measurements.by_rate(table[(table["removed"] * 100).round() == removed])


def _show_answers(chosen: subject.Subject, removed: int, order: str, scaled: bool) -> None:
    full = chosen.answer().digit
    st.markdown(
        _(
            "With **{share}%** of the units removed. The full network chosen here answers **{digit}**.",
            share=removed,
            digit=full,
        )
    )
    with st.container(key="pruning_answers", horizontal=True, gap="medium"):
        for name, model in networks.compared_with(chosen).items():
            ranks = removal_ranks(model, order, _SEED)
            probs = pruned_probs(model, chosen.image[None], removed / 100, ranks, scaled)
            subject.show_answer(name, Prediction(tuple(probs[0].tolist())))


def _verdict() -> Verdict | None:
    results = measurements.get("networks", "pruning")
    if results is None:
        return None
    table = _select(results, LARGEST_FIRST, scaled=True)
    half = table[table["removed"].round(2) == _ASKED_SHARE]
    better = half.iloc[-1]["low"] > half.iloc[0]["high"]
    text = _(
        "Without the half of each layer's units that has the largest weights, the rest scaled up, the test accuracy is "
        "{values}.",
        values=_describe(table, round(_ASKED_SHARE * 100)),
    )
    return Verdict(Outcome.HOLDS if better else Outcome.NOT_HERE, text)


EXPERIMENT = Experiment(
    key="co-adaptation",
    title=mark("Co-adaptation"),
    question=mark("Can units that were trained with dropout do without each other?"),
    why=mark(
        "Units that co-adapt fail without each other. With dropout, no unit can rely on particular other units, so a "
        "trained network should survive the loss of many."
    ),
    prediction=percentage(
        mark(
            "From a network trained without dropout, the half of each hidden layer's units with the largest weights is "
            "removed, and the rest is scaled up. What test accuracy is left?"
        ),
    ),
    show=_show,
    verdict=_verdict,
    claims=("co-adaptation",),
    sweep="networks",
    source=mark(
        "Hinton et al., “Improving neural networks by preventing co-adaptation of feature detectors”, arXiv 1207.0580 "
        "(2012): shown by features, without a number. “Largest first” removes the units with the largest weights to "
        "the next layer first."
    ),
    config=TrainConfig(drop_prob=0.5),
)
