"""Doubt over data: whether networks disagree less when they have learned from more images."""

import altair as alt
import pandas as pd
import streamlit as st
import torch

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.doubt import (
    DIGITS,
    ENSEMBLE,
    HIGHEST,
    INFORMATION,
    SINGLE,
    THINNED,
    make_images,
    measure_network,
    thin,
)
from dropout_mnist.experiments.non_digits import LETTERS, NOISE, SCRIBBLES, TURNED
from dropout_mnist.experiments.studies import DOUBT_SIZES, ensemble_configs
from dropout_mnist.experiments.subnetworks import mutual_information
from dropout_mnist.model import MLP
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, live_run, measurements, subject
from dropout_mnist.ui.lab.experiment import Estimate, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.resources import get_dataset

_STUDY = "doubt"
_KINDS = {
    "letters": mark("Letters and signs"),
    "scribbles": mark("Scribbles"),
    "turned": mark("Turned digits"),
    "noise": mark("Noise"),
}
_KIND_NAMES = {"letters": LETTERS, "scribbles": SCRIBBLES, "turned": TURNED, "noise": NOISE}
_METHODS = {
    SINGLE: mark("one network"),
    THINNED: mark("thinned networks"),
    ENSEMBLE: mark("five networks"),
}
_COLORS = {SINGLE: look.GRAY, THINNED: look.SKY, ENSEMBLE: look.ORANGE}
# A live run is measured on this many images of each kind.
_LIVE_COUNT = 300


def _show(screen: Screen) -> None:
    with screen.measured:
        kind = screen.controls.choice("kind", mark("Non-digits"), _KINDS)
        results = measurements.get_or_explain(_STUDY, _STUDY)
        sizes = DOUBT_SIZES if results is None else sorted(results["train_size"].unique().tolist())
        size = int(
            screen.controls.steps(
                "images", mark("Training images"), sizes, sizes[0], format_func="{:,.0f}".format, width=300
            )
        )
    config = live_run.trainable(ensemble_configs(size)[0])
    with screen.try_it:
        st.caption(_("A live run is one of the measured ones: 3,000 steps. Its doubt is measured on fewer images."))
        live_run.offer([config])
        network = live_run.network(config)
        chosen, right = subject.show_beside(screen.controls)
        if chosen is not None:
            with right:
                _show_answers(chosen, network, live_run.name(config))
    if results is not None:
        live = _measure_live(network, config, size, _KIND_NAMES[kind]) if network is not None else pd.DataFrame()
        with screen.measured:
            _show_measured(results, live, size, kind, screen)


def _measure_live(network: MLP, config: TrainConfig, size: int, kind: str) -> pd.DataFrame:
    rows = pd.DataFrame(_measure(network, config.name, config.dataset, config.drop_prob))
    return rows[(rows["method"] == THINNED) & rows["kind"].isin([DIGITS, kind])].assign(
        series=live_run.name(config), train_size=size
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _measure(_network: MLP, name: str, dataset: str, drop_prob: float) -> list[dict[str, object]]:
    return measure_network(_network, drop_prob, make_images(get_dataset(dataset).test, _LIVE_COUNT))


def _select(results: pd.DataFrame, kind: str, value: str) -> pd.DataFrame:
    """Return a value by `method` and `train_size` for one kind of image: the disagreement, or the `auroc`."""
    score = (results["method"] == SINGLE).map({True: HIGHEST, False: INFORMATION})
    rows = results[(results["score"] == score) & (results["kind"] == kind)]
    table = measurements.means(rows, ["method", "train_size"], value)
    order = list(_METHODS)
    return table.sort_values("method", key=lambda methods: methods.map(order.index), kind="stable")


def _disagreement(results: pd.DataFrame, kind: str) -> pd.DataFrame:
    table = _select(results, kind, "mean")
    return table[table["method"] != SINGLE]


def _show_measured(results: pd.DataFrame, live: pd.DataFrame, size: int, kind: str, screen: Screen) -> None:
    sizes = sorted(results["train_size"].unique().tolist())
    x = look.log_axis("train_size", _("training images"), sizes)
    name = _KIND_NAMES[kind]
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(_("**Disagreement about digits**"))
        table = _disagreement(results, DIGITS)
        y = alt.Y("mean:Q", title=_("mutual information (nats)"), axis=alt.Axis(format="~g", tickCount=6))
        few = table[(table["method"] == THINNED) & (table["train_size"] == sizes[0])]["mean"]
        predicted = charts.prediction(screen.answer, x, y, sizes[-1], float(few.iloc[0]) / 100)
        _draw(table, x, y, ".3f", _of_kind(live, DIGITS, "mean"), predicted, size, "doubt_disagreement")
    with right:
        st.markdown(_("**Digits told from non-digits**"))
        table = _select(results, name, "auroc")
        title = _("area under the ROC curve")
        y = alt.Y("mean:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=6))
        _draw(table, x, y, ".3f", _of_kind(live, name, "auroc"), None, size, "doubt_auroc")
    st.container(key="doubt_text").markdown(_describe(results, size, kind))
    st.caption(
        _(
            "2,000 test images of MNIST and as many non-digits of each kind; 30 thinned networks for each image; for "
            "each number of training images five networks with drop_prob 0.5, 3,000 steps each, which together are "
            "the one ensemble. The doubt of one network is measured by its highest probability, that of several by "
            "their disagreement. An area of 1 means that every non-digit is doubted more than every digit, 0.5 that "
            "doubt is a coin toss."
        )
    )


def _of_kind(live: pd.DataFrame, kind: str, value: str) -> pd.DataFrame:
    return live if live.empty else live[live["kind"] == kind].assign(mean=lambda rows: rows[value])


def _draw(
    table: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    number_format: str,
    live: pd.DataFrame,
    predicted: alt.LayerChart | None,
    size: int,
    key: str,
) -> None:
    table = table.assign(series=table["method"].map({method: _(text) for method, text in _METHODS.items()}))
    colors = {_(text): _COLORS[method] for method, text in _METHODS.items()}
    measured = charts.with_intervals(table, x, y, number_format, colors, columns=1)
    if not live.empty:
        live = live[live["score"] == INFORMATION]
    chart = charts.layers(measured, charts.live(live, x, y, number_format), predicted, charts.rule_at(size, x))
    charts.show(chart, table, key, _("{value} over the number of training images", value=y["title"]))


def _value(table: pd.DataFrame, method: str, size: int) -> str:
    """Return a value with its interval; a single ensemble has none."""
    [row] = table[(table["method"] == method) & (table["train_size"] == size)].to_dict("records")
    return f"{row['mean']:.3f}" + (f" ± {row['margin']:.3f}" if row["runs"] > 1 else "")


def _describe(results: pd.DataFrame, size: int, kind: str) -> str:
    digits, others = (_disagreement(results, name) for name in (DIGITS, _KIND_NAMES[kind]))
    areas = _select(results, _KIND_NAMES[kind], "auroc")
    return _(
        "With {size} training images, thinned networks disagree by {thinned} nats about digits and by {thinned_others} "
        "about non-digits ({kind}); the ensemble by {ensemble} and {ensemble_others}. The area under the ROC curve is "
        "{single_area} for one network's highest probability, {thinned_area} for thinned networks and {ensemble_area} "
        "for the ensemble.",
        size=f"{size:,}",
        kind=_(_KINDS[kind]).lower(),
        thinned=_value(digits, THINNED, size),
        thinned_others=_value(others, THINNED, size),
        ensemble=_value(digits, ENSEMBLE, size),
        ensemble_others=_value(others, ENSEMBLE, size),
        single_area=_value(areas, SINGLE, size),
        thinned_area=_value(areas, THINNED, size),
        ensemble_area=_value(areas, ENSEMBLE, size),
    )


def _show_answers(chosen: subject.Subject, network: MLP | None, live_name: str) -> None:
    st.markdown(_("**Your digit, or what you draw instead of one**"))
    pixels = torch.tensor(chosen.pixels).reshape(1, -1)
    found = {chosen.model.label: chosen.network} | ({live_name: network} if network is not None else {})
    with st.container(key="doubt_answers", horizontal=True, gap="medium"):
        for name, model in found.items():
            nats = float(mutual_information(thin(model, chosen.drop_prob, pixels)))
            subject.show_answer(name, chosen.answer(model))
            st.metric(_("disagreement (nats)"), f"{nats:.2f}", width="content")


def _verdict() -> Verdict | None:
    results = measurements.get(_STUDY, _STUDY)
    if results is None:
        return None
    digits = _disagreement(results, DIGITS)
    few, many = int(digits["train_size"].min()), int(digits["train_size"].max())
    thinned = digits[digits["method"] == THINNED].set_index("train_size")
    shrinks = thinned["high"][many] < thinned["low"][few]
    others = results[results["kind"] != DIGITS].groupby(["method", "score", "train_size"])[["mean", "auroc"]].mean()
    about = {size: others["mean"][THINNED, INFORMATION, size] for size in (few, many)}
    grows = about[many] >= about[few]
    outcome = Outcome.NOT_HERE if not shrinks else Outcome.ONLY_WHEN if grows else Outcome.HOLDS
    areas = {
        method: f"{others['auroc'][method, HIGHEST if method == SINGLE else INFORMATION, many]:.3f}"
        for method in _METHODS
    }
    text = _(
        "With {few} and with {many} training images, thinned networks disagree by {before} and {after} nats about "
        "digits, and by {others_before} and {others_after} about non-digits. With {many} images, the area under the "
        "ROC curve, as the mean of four kinds of non-digits, is {single} for one network's highest probability, "
        "{thinned} for thinned networks and {ensemble} for an ensemble of five.",
        few=f"{few:,}",
        many=f"{many:,}",
        before=_value(digits, THINNED, few),
        after=_value(digits, THINNED, many),
        others_before=f"{about[few]:.3f}",
        others_after=f"{about[many]:.3f}",
        single=areas[SINGLE],
        thinned=areas[THINNED],
        ensemble=areas[ENSEMBLE],
    )
    return Verdict(outcome, text)


EXPERIMENT = Experiment(
    key="doubt-over-data",
    title=mark("Does doubt shrink with data?"),
    question=mark("Do thinned networks agree more when they have learned from more images?"),
    why=mark(
        "What a model does not know for lack of data should shrink with data, for digits at least. But how far thinned "
        "networks differ is decided by drop_prob, which stays the same."
    ),
    prediction=Estimate(
        mark(
            "Take the disagreement of thinned networks about test digits with 100 training images as 100%. What is it "
            "with 60,000?"
        ),
        low=0,
        high=200,
        start=100,
        step=1,
        number_format="%d%%",
    ),
    show=_show,
    verdict=_verdict,
    claims=("doubt-over-data", "monte-carlo"),
    sweep=_STUDY,
    source=mark(
        "Osband, “Risk versus Uncertainty in Deep Learning”, NIPS workshop 2016; Le Folgoc et al., “Is MC Dropout "
        "Bayesian?”, arXiv 2110.04286 (2021): the spread depends on the rate, not on the number of observations. "
        "Ensembles: Lakshminarayanan et al., NIPS 2017."
    ),
    config=ensemble_configs(DOUBT_SIZES[1])[0],
)
