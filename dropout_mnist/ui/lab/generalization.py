"""Section 7: the curves of several models over each other, and their answers to the same digit."""

import pandas as pd
import streamlit as st

from dropout_mnist.checkpoint import CheckpointError
from dropout_mnist.ui import models
from dropout_mnist.ui.charts import MOST_POINTS, probability_bars
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.lab import charts, figure
from dropout_mnist.ui.lab.features import COMPARED
from dropout_mnist.ui.lab.subject import Specimen

LOSS, ACCURACY = "Loss", "Accuracy"
_MOST = 6
_VALUES = {
    LOSS: ({"test": "test_loss", "training": "eval_train_loss"}, "loss, dropout off (nats)", ".4f"),
    ACCURACY: ({"test": "test_accuracy", "training": "eval_train_accuracy"}, "accuracy, dropout off", ".2%"),
}


@st.fragment
def show(specimen: Specimen) -> None:
    """Show the section."""
    st.markdown(
        "**What a network knows of its training images and not of others is learnt by heart.** The gap between its two "
        "curves shows it: lay the curves of any models over each other."
    )
    options = models.options()
    default = [option for option in options if models.label(option) in (min(COMPARED), max(COMPARED))]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.multiselect(
            "Models",
            options,
            default,
            format_func=models.label,
            key="gap_models",
            max_selections=_MOST,
            width=420,
            placeholder="Choose two or more",
        )
        measure = st.segmented_control("Curve", [LOSS, ACCURACY], default=LOSS, required=True, key="gap_measure")
    loaded = []
    for option in chosen:
        try:
            loaded.append(models.load(option))
        except CheckpointError as error:
            st.warning(f"{plain(error)}.", icon=":material/warning:")
    if not loaded:
        st.info("Choose models to see their curves.", icon=":material/stacked_line_chart:")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _show_curves(loaded, measure)
    with right:
        st.markdown("**On the digit above**")
        answers = {model.label: specimen.answer(model.checkpoint.model) for model in loaded[:2]}
        st.altair_chart(
            probability_bars(answers),
            key="gap_probabilities",
            alt="; ".join(f"{name} says {answer.digit}" for name, answer in answers.items()),
        )
        if len(loaded) > 2:
            st.caption("The first two of them.")


def _show_curves(loaded: list[models.ChosenModel], measure: str) -> None:
    columns, title, number_format = _VALUES[measure]
    table = pd.DataFrame(
        [
            {"model": model.label, "images": images, "epoch": result.epoch, "value": getattr(result, column)}
            for model in loaded
            for result in model.checkpoint.history[:: -(-len(model.checkpoint.history) // MOST_POINTS)]
            for images, column in columns.items()
        ]
    )
    last = "; ".join(
        f"{model.label}: test {getattr(model.checkpoint.history[-1], columns['test']):{number_format}}, "
        f"training {getattr(model.checkpoint.history[-1], columns['training']):{number_format}}"
        for model in loaded
    )
    names = [model.label for model in loaded]
    figure.show(charts.histories(table, title, number_format, names), table, "gap", f"After the last epoch: {last}.")
    st.markdown(f"*What to see:* after the last epoch {plain(last)}.")
