"""How small can it be: what trained networks can do with a share of their units or weights."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.pruning import AT_RANDOM, SMALLEST_FIRST
from dropout_mnist.experiments.shrinking import KEPT_SHARES, UNITS, WEIGHTS, file_bytes, keep
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, curve, measurements, networks, subject
from dropout_mnist.ui.lab.experiment import Curve, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_STUDY = "small"
_SEED = 1
_PARTS = {UNITS: mark("Units"), WEIGHTS: mark("Weights")}
_ORDERS = {"smallest": mark("Smallest first"), "random": mark("At random")}
_ORDER_NAMES = {"smallest": SMALLEST_FIRST, "random": AT_RANDOM}
_PREDICTION = Curve(
    question=mark(
        "A network trained without dropout keeps only a share of each hidden layer's units, those with the largest "
        "weights. Draw its test accuracy."
    ),
    title=mark("test accuracy"),
    place_title=mark("units kept"),
    places={share: f"{share:.0%}" for share in (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)},
    levels=range(101),
    ticks=range(0, 101, 20),
    start=50,
    number_format="%.3g%%",
)
# Of the slider at first.
_KEPT = 0.25
# A smaller network counts as good as the full one if it loses at most this much test accuracy.
_TOLERANCE = 0.01


def _show(screen: Screen) -> None:
    with screen.measured:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            part = screen.controls.choice("part", mark("Remove"), _PARTS)
            order = screen.controls.choice("order", mark("Order"), _ORDERS)
            kept = screen.controls.steps(
                "kept", mark("Share that is kept"), KEPT_SHARES, _KEPT, format_func="{:.0%}".format, width=300
            )
        results = measurements.get_or_explain(_STUDY, _STUDY)
        if results is not None:
            _show_measured(results, part, order, kept, screen)
    with screen.try_it:
        chosen, right = subject.show_beside(screen.controls)
        if chosen is not None:
            with right:
                _show_answers(chosen, part, order, kept)


def _select(results: pd.DataFrame, part: str, order: str) -> pd.DataFrame:
    """Return the accuracies by `drop_prob` and `kept` share for one part and order of removal, with their `bytes`."""
    rows = results[(results["part"] == part) & (results["order"] == _ORDER_NAMES[order])]
    sizes = rows.groupby("kept", as_index=False)["bytes"].mean()
    return measurements.means(rows, ["drop_prob", "kept"], "test_accuracy").merge(sizes, on="kept")


def _show_measured(results: pd.DataFrame, part: str, order: str, kept: float, screen: Screen) -> None:
    table = measurements.with_names(_select(results, part, order))
    title = _("units kept in each hidden layer") if part == UNITS else _("weights kept in each layer")
    x = alt.X(
        "kept:Q",
        title=title,
        scale=alt.Scale(type="log", nice=False, padding=12),
        axis=alt.Axis(values=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], format="~%", grid=False),
    )
    y = look.accuracy_axis()
    # What was asked about.
    answer = screen.answer if (part, order) == (UNITS, "smallest") else None
    predicted = charts.predicted_curve(answer, _PREDICTION, x, 0.01)
    measured = charts.with_intervals(table, x, y, ".1%", predicted=predicted)
    chart = charts.layers(measured, charts.rule_at(kept, x))
    text = _describe(table, part, order, kept)
    alt_text = f"{_('Test accuracy over what is kept, logarithmic.')} {text}"
    charts.show(chart, table, "small", alt_text + curve.alt_text(_PREDICTION, answer))
    st.container(key="small_text").markdown(text)
    if isinstance(answer, tuple):
        plain = table[table["drop_prob"] == 0]
        accuracies = dict(zip(plain["kept"].round(2), 100 * plain["mean"], strict=True))
        st.markdown(curve.compare(_PREDICTION, answer, accuracies))
    st.caption(
        _(
            "Without training again. What is left after random removal is scaled up. The size is that of the numbers "
            "as float32; with removed weights, each weight takes one more bit that says whether it is kept."
        )
    )


def _describe(table: pd.DataFrame, part: str, order: str, kept: float) -> str:
    rows = table[table["kept"].round(2) == kept]
    if rows.empty:
        return ""
    return _(
        "With {share} of the {part} kept, removed {order}, the test accuracy is {values}. The file takes {size}, that "
        "of the full network {full}.",
        share=f"{kept:.0%}",
        part=_(_PARTS[part]).lower(),
        order=_(_ORDERS[order]).lower(),
        values=measurements.by_rate(rows),
        size=_size(rows["bytes"].iloc[0]),
        full=_size(table["bytes"].max()),
    )


def _size(count: float) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _show_answers(chosen: subject.Subject, part: str, order: str, kept: float) -> None:
    st.markdown(
        _(
            "With **{share}** of the {part} kept. The full network chosen here answers **{digit}**.",
            share=f"{kept:.0%}",
            part=_(_PARTS[part]).lower(),
            digit=chosen.answer().digit,
        )
    )
    with st.container(key="small_answers", horizontal=True, gap="medium"):
        for name, model in networks.compared_with(chosen).items():
            small = keep(model, part, kept, _ORDER_NAMES[order], _SEED)
            subject.show_answer(name, chosen.answer(small), _size(file_bytes(small)))


def _smallest(results: pd.DataFrame, part: str) -> dict[float, Any]:
    """Return by `drop_prob` the row of the smallest network that is as good as the full one, if all larger ones are."""
    found = {}
    for rate, rows in _select(results, part, "smallest").groupby("drop_prob"):
        from_full = rows.sort_values("kept", ascending=False)
        good = from_full["mean"] >= from_full["mean"].iloc[0] - _TOLERANCE
        found[float(str(rate))] = from_full[good.cummin()].iloc[-1]
    return found


def _verdict() -> Verdict | None:
    results = measurements.get(_STUDY, _STUDY)
    if results is None:
        return None
    texts, better = [], []
    for part in (UNITS, WEIGHTS):
        smallest = _smallest(results, part)
        rates = sorted(smallest)
        better.append(smallest[rates[-1]]["kept"] < smallest[rates[0]]["kept"])
        values = (f"{row['kept']:.0%} ({_size(row['bytes'])})" for row in (smallest[rate] for rate in rates))
        shares = ", ".join(measurements.value_at(value, rate) for value, rate in zip(values, rates, strict=True))
        texts.append(f"{_(_PARTS[part])}: {shares}.")
    outcome = Outcome.HOLDS if all(better) else Outcome.ONLY_WHEN if any(better) else Outcome.NOT_HERE
    text = _("To lose at most one point of test accuracy, this much must be kept, the largest first.")
    return Verdict(outcome, f"{text} {' '.join(texts)}")


EXPERIMENT = Experiment(
    key="small",
    title=mark("How small can it be?"),
    question=mark("Can a network that was trained with dropout be made smaller than one that was not?"),
    why=mark(
        "Dropout trains smaller networks within the large one. Perhaps one of them is as good once training has ended, "
        "and the rest can go."
    ),
    prediction=_PREDICTION,
    show=_show,
    verdict=_verdict,
    claims=("pruning", "fewer-units", "fewer-weights"),
    sweep=_STUDY,
    source=mark(
        "Gomez et al., “Learning Sparse Networks Using Targeted Dropout”, arXiv 1905.13678 (2019); Han et al., NIPS "
        "2015: 12 times fewer weights on MNIST, trained again after the removal."
    ),
    config=TrainConfig(drop_prob=0.5),
)
