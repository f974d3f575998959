"""A network's answer: the most probable digit."""

import streamlit as st

from dropout_mnist.evaluation import Prediction
from dropout_mnist.ui.format import percent


def show_digit(label: str, answer: Prediction) -> None:
    """Show the most probable digit with its probability.

    Args:
        label: above the digit.
        answer: of a network.
    """
    st.metric(
        label,
        str(answer.digit),
        f"{percent(answer.probs[answer.digit])} sure",
        delta_color="off",
        delta_arrow="off",
        width="content",
    )
