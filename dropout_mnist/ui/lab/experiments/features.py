"""Sparsity: how many activations are zero, and the features of the first layer."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.features import first_layer_features
from dropout_mnist.experiments.subnetworks import hidden_activations
from dropout_mnist.shapes import IMAGE_SIZE
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.images import png_url
from dropout_mnist.ui.lab import charts, measurements, networks, subject
from dropout_mnist.ui.lab.experiment import Choice, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

# Features are shown in a square grid with this many in a row.
_ROW = 8
_MAX_ACTIVATION = 3
_ANSWERS = {
    "more": mark("More are zero with dropout, in every layer"),
    "mixed": mark("More in some layers, fewer in others"),
    "fewer": mark("Fewer are zero with dropout, in every layer"),
}


def _show(screen: Screen) -> None:
    with screen.measured:
        results = measurements.get_or_explain("networks", "activations")
        if results is not None:
            _show_zeros(results, screen)
            _show_histogram(results, screen)
    with screen.try_it:
        chosen, right = subject.show_beside(screen.controls)
        if chosen is not None:
            with right:
                _show_active(chosen)
                _show_features(chosen)


def _zeros(results: pd.DataFrame) -> pd.DataFrame:
    """Return the share of activations that are exactly zero by `drop_prob` and `layer`."""
    return measurements.means(results[results["high"] == 0], ["drop_prob", "layer"], "share")


def _show_zeros(results: pd.DataFrame, screen: Screen) -> None:
    table = measurements.with_names(_zeros(results))
    layers = sorted(table["layer"].unique().tolist())
    x = alt.X("layer:Q", title=_("hidden layer"), scale=alt.Scale(padding=20), axis=alt.Axis(values=layers, format="d"))
    y = look.accuracy_axis(_("share of activations that are zero"))
    charts.show(charts.with_intervals(table, x, y, ".1%"), table, "zeros", _describe(results))
    st.markdown(_describe(results))
    if screen.answer is not None:
        st.markdown(_("Measured: {answer}.", answer=_(_ANSWERS[_measured(results)]).lower()))


def _measured(results: pd.DataFrame) -> str:
    """Return the key of the answer that the measurements give."""
    more = _layers_with_more(results)
    return "more" if len(more) == results["layer"].nunique() else "mixed" if more else "fewer"


def _layers_with_more(results: pd.DataFrame) -> list[str]:
    zeros = _zeros(results).pivot(index="layer", columns="drop_prob", values="mean")
    return [str(layer) for layer in zeros.index if zeros.loc[layer].iloc[-1] > zeros.loc[layer].iloc[0]]


def _describe(results: pd.DataFrame) -> str:
    highest = results["drop_prob"].max()
    more = _layers_with_more(results)
    fewer = [str(layer) for layer in sorted(results["layer"].unique()) if str(layer) not in more]
    return _(
        "With drop_prob {rate}, more activations are zero than without dropout in layer {more}, and fewer in layer "
        "{fewer}.",
        rate=f"{highest:.1f}",
        more=", ".join(more) or _("none"),
        fewer=", ".join(fewer) or _("none"),
    )


def _show_histogram(results: pd.DataFrame, screen: Screen) -> None:
    layers = {str(layer): _("Layer {number}", number=layer) for layer in sorted(results["layer"].unique())}
    layer = screen.controls.choice("layer", mark("Hidden layer"), layers)
    chosen = results[results["layer"] == int(layer)]
    table = measurements.with_names(chosen.groupby(["drop_prob", "low", "high"])["share"].mean().reset_index())
    zeros = table[table["high"] == 0]
    shares = ", ".join(f"{row['series']} {row['share']:.1%}" for row in zeros.to_dict("records"))
    names = list(zeros["series"])
    base = alt.Chart(table[table["low"] < _MAX_ACTIVATION]).encode(
        y=alt.Y("share:Q", title=_("share of all units and images"), axis=alt.Axis(format="~%", tickCount=5)),
        color=alt.Color("series:N", scale=look.colors(names), legend=look.legend()),
        tooltip=[
            alt.Tooltip("series:N", title=_("curve")),
            alt.Tooltip("low:Q", title=_("from")),
            alt.Tooltip("high:Q", title=_("to")),
            alt.Tooltip("share:Q", title=_("share"), format=".2%"),
        ],
    )
    # The zeros, which this is about, would hide all else on the same axis.
    at_zero = base.transform_filter("datum.high == 0").mark_bar()
    at_zero = at_zero.encode(
        color=alt.Color("series:N", scale=look.colors(names), legend=look.legend(bars=True)),
        x=alt.X("series:N", sort=names, axis=None),
    )
    positive = base.transform_filter("datum.high > 0").mark_line(interpolate="step-after", strokeWidth=look.LINE)
    left, right = st.columns([1, 2], gap="medium")
    with left:
        st.markdown(_("**Exactly zero**, layer {layer}", layer=layer))
        alt_text = _("Exactly zero: {shares}.", shares=shares)
        charts.show(at_zero.properties(height=look.HEIGHT), zeros, "activations_zero", alt_text)
    with right:
        st.markdown(_("**The rest**, layer {layer}", layer=layer))
        chart = positive.encode(x=alt.X("low:Q", title=_("activation"))).properties(height=look.HEIGHT)
        charts.show(chart, table, "activations", _("Distribution of activations above zero."))


def _show_active(chosen: subject.Subject) -> None:
    """Show how many units are active for the digit, by network and layer."""
    rows = []
    for name, model in networks.compared_with(chosen).items():
        layers = hidden_activations(model, chosen.image[None])
        rows.append([name, *(str(int((layer > 0).sum())) for layer in layers)])
    count = max(len(row) for row in rows) - 1
    # The layers' numbers alone fit on a phone.
    lines = [[_("Active units by layer"), *map(str, range(1, count + 1))], ["---"] * (count + 1), *rows]
    st.markdown("\n".join("| " + " | ".join(line) + " |" for line in lines))


def _show_features(chosen: subject.Subject) -> None:
    st.markdown(
        _(
            "**Features** of the 64 units of the first layer with the largest weights to the next layer. Blue: ink "
            "here excites the unit; orange: it inhibits it; black: no effect. Each tile has its own scale."
        )
    )
    with st.container(key="features", horizontal=True, gap="medium"):
        for title, network in networks.compared_with(chosen).items():
            features = first_layer_features(network).numpy()
            st.image(_tiles_url(features), width=230, caption=title, alt=_("Features, {title}", title=title))


def _verdict() -> Verdict | None:
    results = measurements.get("networks", "activations")
    if results is None:
        return None
    outcomes = {"more": Outcome.HOLDS, "mixed": Outcome.ONLY_WHEN, "fewer": Outcome.NOT_HERE}
    return Verdict(outcomes[_measured(results)], _describe(results))


def _tiles_url(features: np.ndarray) -> str:
    """Draw the first 64 features as tiles, each with its own scale: blue for positive weights, orange for negative.

    The live panel has the same colors.
    """
    tiles = features[: _ROW**2].reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    strength = tiles / np.maximum(np.abs(tiles).max(axis=(1, 2), keepdims=True), 1e-9)
    positive, negative = np.clip(strength, 0, 1)[..., None], np.clip(-strength, 0, 1)[..., None]
    blue, orange = np.array([86, 180, 233]), np.array([230, 110, 30])
    colored = np.pad(positive * blue + negative * orange, ((0, 0), (0, 1), (0, 1), (0, 0)))
    count = len(colored)
    rows = -(-count // _ROW)
    grid = np.zeros((rows * _ROW, IMAGE_SIZE + 1, IMAGE_SIZE + 1, 3))
    grid[:count] = colored
    image = grid.reshape(rows, _ROW, IMAGE_SIZE + 1, IMAGE_SIZE + 1, 3).transpose(0, 2, 1, 3, 4)
    image = image.reshape(rows * (IMAGE_SIZE + 1), _ROW * (IMAGE_SIZE + 1), 3)
    return png_url(image.astype(np.uint8))


EXPERIMENT = Experiment(
    key="sparsity",
    title=mark("Sparsity"),
    question=mark("Does dropout make activations sparse?"),
    why=mark(
        "A unit that cannot rely on particular other units has to be useful by itself. In the paper such units learned "
        "clearer features and were active more rarely."
    ),
    prediction=Choice(mark("How many activations on test images are exactly zero?"), _ANSWERS),
    show=_show,
    verdict=_verdict,
    claims=("sparsity",),
    sweep="networks",
    source=mark("Srivastava et al. 2014, sections 7.1 and 7.2, figures 7 and 8: mean activation 0.7 instead of 2.0."),
    config=TrainConfig(drop_prob=0.5),
)
