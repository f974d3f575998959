"""The Playground page: draw, train and test."""

import sys
import time

import streamlit as st

from dropout_mnist.ui import navigation
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.live import component, weights
from dropout_mnist.ui.playground import draw

HEAD_START_SECONDS = 0.4

_STYLE = """<style>
.st-key-promise [data-testid="stMarkdownContainer"] { margin-bottom: 0; }
</style>"""

_RECIPES = {
    "plain": mark(
        "This model was trained with the *plain* recipe, on unchanged images. The *augmented* recipe is made for "
        "drawings: it also varies the images, as if other hands and pens had written them."
    ),
    "augmented": mark(
        "This model was trained with the *augmented* recipe, which is made for drawings. It varies the images in every "
        "epoch, as if other hands and pens had written them, and adds some non-digits. The *plain* recipe uses the "
        "images unchanged."
    ),
}


def show() -> None:
    """Show the page."""
    st.html(_STYLE)
    with st.container(key="promise"):
        st.subheader(_("Draw a digit. Then find out whether dropout helps the network that reads it."), anchor=False)
    top = st.container()
    component.send_code()
    weights_place = st.container(key="live_weights")
    early = None if _is_imported() else weights.default_weights()
    if early is not None:
        # Only on a new server: the rest of the page needs torch, whose import holds the interpreter's lock for long
        # stretches. So let the browser fetch the canvas and weights first.
        with weights_place:
            component.send_model(early)
    draw.show(_below_panel, _below_input)
    if early is not None:
        time.sleep(HEAD_START_SECONDS)
    # Lazy: these import torch.
    from dropout_mnist.ui import model_bar, models
    from dropout_mnist.ui.playground import accuracy, follow, train

    model_bar.show()
    model, comparison = models.in_use(), models.comparison()
    current = weights.packed_weights(model) if model else None
    if early is not None and current != early:
        st.rerun()
    with weights_place:
        if early is None:
            component.send_model(current)
        if model is not None and comparison is not None:
            component.send_comparison(weights.packed_weights(comparison), (model.label, comparison.label))
    if follow.requested():
        with top:
            follow.show(model)
        return
    if model is not None:
        st.caption(_(_RECIPES[model.checkpoint.config.recipe]))
    st.subheader(_("Does dropout help?"), divider="gray")
    train.show(model)
    navigation.LAB.link(_("Dropout lab: what dropout does, and when it helps"))
    st.subheader(_("Test"), divider="gray")
    accuracy.show(model)


def _below_panel() -> None:
    if _is_imported() and draw.shows_canvas():
        # Lazy: imports torch, like the next function.
        from dropout_mnist.ui.playground import several

        several.show()


def _below_input() -> None:
    if _is_imported():
        from dropout_mnist.ui.playground import hand, replay

        hand.show()
        replay.send_answers()


def _is_imported() -> bool:
    """Whether what needs torch was imported completely, by any visitor's run.

    A new server has no runs and no visitor's digits yet, and torch takes seconds to import.
    """
    return hasattr(sys.modules.get("dropout_mnist.ui.playground.accuracy"), "show")
