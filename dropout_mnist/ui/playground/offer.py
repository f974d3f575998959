"""Offer the networks of an experiment: to answer drawings, or for comparison."""

import streamlit as st

from dropout_mnist.ui import names
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.models import ChosenModel, compare_with, use_model
from dropout_mnist.ui.playground.results import Experiment, variants


def show(experiment: Experiment, in_use: ChosenModel | None) -> None:
    """Show a line for each trained network of the experiment's first seed.

    Args:
        experiment: with its results.
        in_use: the model that answers now.
    """
    for config in variants(experiment.config):
        result = experiment.get(config)
        if result is None or result.model is None:
            continue
        kind = "dropout" if config.drop_prob else "no_dropout"
        with st.container(key=f"offer_{kind}", horizontal=True, vertical_alignment="center"):
            st.markdown(
                _(
                    "**{name}**: test accuracy {accuracy}",
                    name=names.dropout(config),
                    accuracy=f"{result.history[-1].test_accuracy:.2%}",
                ),
                width="content",
            )
            if in_use is not None and result.is_of(in_use.checkpoint):
                st.caption(_("This network answers your drawings."), width="content")
                continue
            if st.button(_("Use it"), key=f"use_{kind}", icon=":material/bolt:"):
                use_model(result.model)
                st.rerun()
            if st.button(_("Compare with it"), key=f"compare_{kind}", icon=":material/compare_arrows:"):
                compare_with(result.model)
                st.rerun()
