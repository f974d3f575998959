"""Section 6, first half: the features of the first layer, and how many activations are zero."""

from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st

from dropout_mnist.checkpoint import CheckpointError
from dropout_mnist.checkpoints.folder import SUFFIX
from dropout_mnist.experiments.features import first_layer_features
from dropout_mnist.model import MLP
from dropout_mnist.shapes import IMAGE_SIZE
from dropout_mnist.storage.shipped import shipped_folder
from dropout_mnist.ui.images import png_url
from dropout_mnist.ui.lab import charts, figure
from dropout_mnist.ui.resources import load_cached

# The shipped networks to compare, and their names in the lab.
COMPARED_NETWORKS = {"plain-p0.00": "no dropout", "plain-p0.30": "drop_prob 0.3", "plain-p0.50": "drop_prob 0.5"}
# Features are shown in a square grid with this many in a row.
_ROW = 8


@st.fragment
def show() -> None:
    """Show this half of the section."""
    st.markdown(
        "**A unit that cannot rely on particular other units has to be useful by itself.** In the paper such units "
        "learned clearer features and were active more rarely. The features of the 64 units of the first layer with "
        "the largest weights to the next layer (blue: positive weights, orange: negative):"
    )
    with st.container(key="features", horizontal=True, gap="medium"):
        for title, network in compared_networks().items():
            st.image(
                _tiles_url(first_layer_features(network).numpy()),
                width=250,
                caption=title,
                alt=f"Features, {title}",
            )
    results = figure.get_results("networks", "activations")
    if results is None:
        return
    layer = st.segmented_control(
        "Hidden layer",
        sorted(results["layer"].unique().tolist()),
        default=1,
        required=True,
        key="activation_layer",
        format_func=lambda number: f"Layer {number}",
        label_visibility="collapsed",
    )
    _show_histogram(results[results["layer"] == layer])
    _show_zeros(results)
    figure.describe("networks", results)


def compared_networks() -> dict[str, MLP]:
    """Return the shipped networks to compare, by their names in the lab; without those that cannot be read."""
    found = {}
    for name, title in COMPARED_NETWORKS.items():
        with suppress(CheckpointError):
            found[title] = load_cached(shipped_folder("weights") / (name + SUFFIX))[1].model
    return found


def _show_histogram(results: pd.DataFrame) -> None:
    table = results.groupby(["drop_prob", "low", "high"])["share"].mean().reset_index()
    table["series"] = figure.rate_names(table)
    zeros, positive = table[table["high"] == 0], table[table["high"] > 0]
    order = list(dict.fromkeys(table["series"]))
    shares = ", ".join(f"{row['series']} {row['share']:.1%}" for row in zeros.to_dict("records"))
    chart = charts.histograms(positive[positive["low"] < 3], order)
    figure.show(chart, table, "activations", f"Distribution of activations. Exactly zero: {shares}.")


def _show_zeros(results: pd.DataFrame) -> None:
    """Show the share of activations that are zero, and in which layers dropout increases it."""
    zeros = results[results["high"] == 0].pivot_table(index="layer", columns="drop_prob", values="share")
    lowest, highest = zeros.columns.min(), zeros.columns.max()
    more = [str(layer) for layer in zeros.index if zeros.loc[layer, highest] > zeros.loc[layer, lowest]]
    fewer = [str(layer) for layer in zeros.index if str(layer) not in more]
    conclusion = " So dropout does not simply make this network sparser." if fewer else ""
    titles = [f"{drop_prob:.1f}" for drop_prob in zeros.columns]
    rows = [[f"Layer {layer}", *(f"{share:.1%}" for share in zeros.loc[layer])] for layer in zeros.index]
    lines = [["drop_prob", *titles], ["---"] * (len(titles) + 1), *rows]
    st.markdown("\n".join("| " + " | ".join(line) + " |" for line in lines))
    st.markdown(
        "*What to see:* the table gives the share of activations on test images that are exactly zero. With drop_prob "
        f"{highest:.1f} it is larger than with {lowest:.1f} in layer {', '.join(more) or 'none'} and smaller in layer "
        f"{', '.join(fewer) or 'none'}.{conclusion}"
    )
    st.caption("Means over seeds. Srivastava et al. 2014, sections 7.1 and 7.2, figures 7 and 8.")


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
