"""The verdicts of experiments, computed once for all visitors: a slider moves on without them."""

import streamlit as st

from dropout_mnist.ui.lab import measurements
from dropout_mnist.ui.lab.experiment import Experiment, Verdict
from dropout_mnist.ui.language import language


def verdict_of(experiment: Experiment) -> Verdict | None:
    """Return the verdict; None where its measurements are missing."""
    return _compute(experiment.key, language(), measurements.stamp(), experiment)


@st.cache_data(show_spinner=False, max_entries=200)
def _compute(key: str, code: str, stamp: tuple[tuple[str, int], ...], _experiment: Experiment) -> Verdict | None:
    return _experiment.verdict()
