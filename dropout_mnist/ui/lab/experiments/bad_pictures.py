"""Bad pictures: whether dropout makes a network more robust to corrupted images."""

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.evaluation import predict_batch
from dropout_mnist.experiments.corruptions import SEVERITIES, corrupt
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.lab import charts, measurements, networks, subject
from dropout_mnist.ui.lab.experiment import Experiment, Outcome, Screen, Verdict, percentage
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_SWEEP = "corruptions"
_CORRUPTIONS = {
    "noise": mark("Noise"),
    "blur": mark("Blur"),
    "occlusion": mark("Occlusion"),
    "shift": mark("Shift"),
    "thickness": mark("Thick strokes"),
    "contrast": mark("Low contrast"),
}
_MEASURES = {"test_accuracy": mark("Test accuracy"), "calibration_error": mark("Calibration error")}
_ASKED_SEVERITY = 3
_SEED = 1
# Of the normal distribution, for 95%.
_QUANTILE = 1.96


def _show(screen: Screen) -> None:
    with screen.measured:
        kind = screen.controls.choice("corruption", mark("Corruption"), _CORRUPTIONS)
        severity = int(screen.controls.number("severity", mark("Severity"), 0, max(SEVERITIES), _ASKED_SEVERITY, 1))
        results = measurements.get_or_explain(_SWEEP, _SWEEP)
        if results is not None:
            _show_measured(results[results["corruption"] == kind], kind, severity, screen)
    with screen.try_it:
        chosen, right = subject.show_beside(screen.controls)
        if chosen is not None:
            with right:
                _show_answers(chosen, kind, severity)


def _with_names(rows: pd.DataFrame) -> pd.DataFrame:
    names = measurements.with_names(rows)
    augmented = _("augmented recipe")
    return names.assign(series=names["series"].mask(names["recipe"] == "augmented", augmented))


def _means(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return a value's mean by network and severity; its interval covers the choice of the test images, at least."""
    table = measurements.means(rows, ["recipe", "drop_prob", "severity"], value)
    if value == "test_accuracy":
        chance = (_QUANTILE**2 * table["mean"] * (1 - table["mean"]) / rows["images"].iloc[0]) ** 0.5
        table["margin"] = table["margin"].clip(lower=chance)
        table = table.assign(low=table["mean"] - table["margin"], high=table["mean"] + table["margin"])
    # The plain recipe first, so that its networks have the same colors everywhere.
    return _with_names(table.sort_values(["recipe", "drop_prob"], ascending=[False, True]))


def _show_measured(rows: pd.DataFrame, kind: str, severity: int, screen: Screen) -> None:
    x = alt.X("severity:Q", title=_("severity"), axis=alt.Axis(values=[0, *SEVERITIES], format="d"))
    for place, (value, title) in zip(st.columns(2, gap="medium"), _MEASURES.items(), strict=True):
        table = _means(rows, value)
        y = look.accuracy_axis(_(title).lower())
        prediction = None
        if value == "test_accuracy" and kind == "noise":
            prediction = charts.prediction(screen.answer, x, y, _ASKED_SEVERITY, 0.01)
        measured = charts.with_intervals(table, x, y, ".1%", {_("augmented recipe"): look.GREEN})
        with place:
            st.markdown(f"**{_(title)}**")
            chart = charts.layers(measured, prediction, charts.rule_at(severity, x))
            alt_text = _("{value} over the severity: {corruption}", value=_(title), corruption=_(_CORRUPTIONS[kind]))
            charts.show(chart, table, f"corruptions_{value}", alt_text)
    st.container(key="bad_pictures_text").markdown(_describe(rows, kind, severity))
    st.caption(
        _(
            "On all test images of MNIST; one network with the augmented recipe, whose intervals cover the choice of "
            "the images only."
        )
    )


def _describe(rows: pd.DataFrame, kind: str, severity: int) -> str:
    at = _means(rows[rows["severity"] == severity], "test_accuracy").to_dict("records")
    values = ", ".join(f"{measurements.with_margin(row)} ({row['series']})" for row in at)
    return _(
        "{corruption}, severity {severity}: the test accuracy is {values}.",
        corruption=_(_CORRUPTIONS[kind]),
        severity=severity,
        values=values,
    )


def _show_answers(chosen: subject.Subject, kind: str, severity: int) -> None:
    image = corrupt(chosen.image[None], kind, severity, _SEED)
    pixels = (image * 255).round().byte()
    st.image(enlarged_url(pixels, 5), width=140, alt=_("The networks' input"), caption=_("The networks' input"))
    with st.container(key="bad_pictures_answers", horizontal=True, gap="medium"):
        for name, model in networks.compared_with(chosen).items():
            [answer] = predict_batch(model, pixels)
            subject.show_answer(name, answer)


def _verdict() -> Verdict | None:
    results = measurements.get(_SWEEP, _SWEEP)
    if results is None:
        return None
    plain = results[(results["recipe"] == "plain") & (results["severity"] == _ASKED_SEVERITY)]
    table = measurements.differences(plain, ["corruption"], "test_accuracy", (0.0, 0.5)).set_index("corruption")
    if not set(_CORRUPTIONS) <= set(table.index):
        return None
    changes = {kind: (table["mean"][kind], table["margin"][kind]) for kind in _CORRUPTIONS}
    better = [kind for kind, (mean, margin) in changes.items() if mean > margin]
    outcome = Outcome.HOLDS if len(better) == len(changes) else Outcome.ONLY_WHEN if better else Outcome.NOT_HERE
    texts = [f"{_(_CORRUPTIONS[kind]).lower()} {mean:+.1f} ± {margin:.1f}" for kind, (mean, margin) in changes.items()]
    text = _(
        "At severity {severity}, drop_prob 0.5 instead of none changes the test accuracy by this many points: "
        "{changes}.",
        severity=_ASKED_SEVERITY,
        changes=", ".join(texts),
    )
    return Verdict(outcome, text)


EXPERIMENT = Experiment(
    key="bad-pictures",
    title=mark("Bad pictures"),
    question=mark("Does dropout make a network more robust to bad pictures?"),
    why=mark(
        "A network that learned without some of its units might also do without some of its pixels. But dropout here "
        "drops hidden units, not pixels."
    ),
    prediction=percentage(
        mark(
            "What share of the test images with noise of severity 3 does a network trained with drop_prob 0.5 "
            "recognize?"
        ),
    ),
    show=_show,
    verdict=_verdict,
    claims=("corruptions",),
    sweep=_SWEEP,
    source=mark(
        "Common in tutorials, without a number. The corruptions follow Mu & Gilmer, “MNIST-C”, arXiv 1906.02337 (2019)."
    ),
    config=TrainConfig(drop_prob=0.5),
)
