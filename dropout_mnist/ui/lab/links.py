"""Links within the lab."""

import streamlit as st

from dropout_mnist.ui import address, header, navigation
from dropout_mnist.ui.lab.experiment import Experiment


def to(experiment: Experiment | None, label: str, icon: str | None = None) -> None:
    """Show a link to an experiment, or to the list of all of them."""
    kept = {name: st.query_params[name] for name in header.PARAMETERS if name in st.query_params}
    navigation.LAB.link(label, kept | ({address.EXPERIMENT: experiment.key} if experiment else {}), icon)
