"""Section 1: one thinned network at a time."""

import random

import numpy as np
import streamlit as st

from dropout_mnist.config import SETTINGS
from dropout_mnist.evaluation import Prediction
from dropout_mnist.experiments.subnetworks import ThinnedNetwork, sample_thinned_network
from dropout_mnist.ui import charts
from dropout_mnist.ui.answer import show_digit
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.images import png_url
from dropout_mnist.ui.lab.subject import Subject
from dropout_mnist.ui.language import translate as _

# The picture of a layer: units in a row, pixels of a unit's side, pixels between units.
_ROW, _SIDE, _SPACING = 32, 6, 1
# The gray of a kept unit whose activation is 0, and of a dropped unit.
_INACTIVE, _DROPPED = 70, 12


@st.fragment
def show(subject: Subject) -> None:
    """Show the section."""
    st.markdown(
        "**In every training step, dropout trains a different, smaller network:** the units that remain when each "
        "hidden unit is dropped with probability `drop_prob`."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        drop_prob = st.slider("drop_prob", 0.0, 0.9, subject.drop_prob, 0.05, key="thinned_drop_prob", width=300)
        # A number field of a browser drops a comma: 1,5 would be 15.
        typed = st.text_input(_("Seed of the mask"), "1", key="thinned_seed", width=160)
        st.button("Another mask", key="another_mask", icon=":material/shuffle:", on_click=_draw_seed)
    try:
        seed = SETTINGS["seed"].parse("seed", typed)
    except ValueError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    thinned = sample_thinned_network(subject.network, subject.image, drop_prob, seed)
    _show_layers(thinned)
    full = subject.answer()
    answer = Prediction(tuple(thinned.probs.tolist()))
    text, bars = st.columns([1, 2], gap="medium")
    with text, st.container(key="thinned_answers", horizontal=True, gap="medium"):
        for name, prediction in (("This thinned network", answer), ("The full network", full)):
            show_digit(name, prediction)
    with bars:
        st.altair_chart(
            charts.probability_bars({"thinned": answer, "full": full}),
            key="thinned_probabilities",
            alt=f"The thinned network says {answer.digit}, the full one {full.digit}.",
        )
    st.markdown(
        "*What to see:* every mask drops other units, yet the answer mostly stays the same. In **train()** mode, "
        "dropout draws such a mask for each image in each step and scales the kept units by 1/(1 - `drop_prob`), which "
        "preserves the expected input of the next layer. In **eval()** mode it drops and scales nothing: the full "
        "network answers. (Running statistics belong to batch normalization, which this network does not use.)"
    )
    st.caption("Srivastava et al., “Dropout”, JMLR 15 (2014), sections 1 and 4 and figure 1.")


def _draw_seed() -> None:
    st.session_state["thinned_seed"] = str(random.randrange(2**31))


def _show_layers(thinned: ThinnedNetwork) -> None:
    with st.container(key="thinned_layers", horizontal=True, gap="medium"):
        for number, (kept, activations) in enumerate(zip(thinned.kept, thinned.activations, strict=True), start=1):
            active = int((activations > 0).sum())
            st.image(
                _layer_url(kept.numpy(), activations.numpy()),
                caption=f"Layer {number}: {int(kept.sum())} of {len(kept)} kept, {active} of them active",
                width=_ROW * (_SIDE + _SPACING),
                alt=f"Hidden layer {number}: {int((~kept).sum())} units dropped, {active} of the others active",
            )


def _layer_url(kept: np.ndarray, activations: np.ndarray) -> str:
    """Draw a layer's units in rows of 32: dropped units nearly black, kept units brighter the more active they are."""
    brightness = _INACTIVE + (255 - _INACTIVE) * activations / max(float(activations.max()), 1e-6)
    shades = np.where(kept, brightness, _DROPPED).astype(np.uint8)
    rows = -(-len(shades) // _ROW)
    grid = np.full(rows * _ROW, 0, np.uint8)
    grid[: len(shades)] = shades
    large = grid.reshape(rows, _ROW).repeat(_SIDE, axis=0).repeat(_SIDE, axis=1)
    # Black lines between the units.
    cells = np.zeros((rows * (_SIDE + _SPACING), _ROW * (_SIDE + _SPACING)), np.uint8)
    ys = np.arange(len(large)) // _SIDE * _SPACING + np.arange(len(large))
    xs = np.arange(large.shape[1]) // _SIDE * _SPACING + np.arange(large.shape[1])
    cells[np.ix_(ys, xs)] = large
    return png_url(cells)
