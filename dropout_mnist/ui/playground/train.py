"""Train: settings, buttons, and the runs, drawn live while the rest of the page stays responsive."""

import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import TITLES
from dropout_mnist.ui.models import ChosenModel, use_model
from dropout_mnist.ui.playground import code, curves, runs, settings
from dropout_mnist.ui.resources import find_cached
from dropout_mnist.ui.visitor import ask_browser

POLL_SECONDS = 0.5


@st.fragment
def show(model: ChosenModel | None) -> None:
    """Show the section for the model in use."""
    config = settings.show()
    ask_browser()
    if config is not None:
        _show_buttons(config, model)
    polled = bool(runs.own_runs())
    st.fragment(runs.show, run_every=POLL_SECONDS if polled else None)(model, polled)
    curves.explain()


def _show_buttons(config: TrainConfig, model: ChosenModel | None) -> None:
    queued = any(run.config.trains_like(config) for run in runs.own_runs())
    in_use = model is not None and model.checkpoint.config.trains_like(config)
    found = None if queued or in_use else find_cached(config)
    with st.container(horizontal=True, vertical_alignment="center"):
        if found and st.button("Load", type="primary", icon=":material/bolt:", key="load"):
            use_model(found)
            st.rerun()
        if st.button(
            "Train again" if found or in_use else "Train",
            type="secondary" if found else "primary",
            icon=":material/model_training:",
            key="train",
            disabled=queued,
        ):
            runs.submit(config)
            st.rerun()
        code.show_button(config)
        if queued:
            st.caption("These settings are in the queue.")
        elif in_use:
            st.caption("This model was trained with exactly these settings.")
        elif found:
            st.caption("Already trained with exactly these settings. Load the result or train again.")
        else:
            st.caption(f"Trains on {TITLES[config.dataset]}.")
