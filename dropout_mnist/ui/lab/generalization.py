"""Section 7: the training and test curves of several models in one chart, and their answers for the same digit."""

import pandas as pd
import streamlit as st

from dropout_mnist.checkpoint import CheckpointError
from dropout_mnist.ui import models
from dropout_mnist.ui.charts import MAX_POINTS, probability_bars
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.lab import charts, figure
from dropout_mnist.ui.lab.features import COMPARED_NETWORKS
from dropout_mnist.ui.lab.subject import Subject

LOSS, ACCURACY = "Loss", "Accuracy"
_MAX_MODELS = 6
# For each measure: the columns by images, the title of the y axis, and the number format.
_MEASURES = {
    LOSS: ({"test": "test_loss", "training": "eval_train_loss"}, "loss, dropout off (nats)", ".4f"),
    ACCURACY: ({"test": "test_accuracy", "training": "eval_train_accuracy"}, "accuracy, dropout off", ".2%"),
}


@st.fragment
def show(subject: Subject) -> None:
    """Show the section."""
    st.markdown(
        "**A network that does much better on its training images than on test images has memorized them.** The gap "
        "between its two curves shows how much. Compare the curves of any models."
    )
    options = models.options()
    default = [
        option for option in options if models.file_name(option) in (min(COMPARED_NETWORKS), max(COMPARED_NETWORKS))
    ]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.multiselect(
            "Models",
            options,
            default,
            format_func=models.labels(options).__getitem__,
            key="generalization_models",
            max_selections=_MAX_MODELS,
            width=420,
            placeholder="Choose two or more",
        )
        measure = st.segmented_control(
            "Curve", [LOSS, ACCURACY], default=LOSS, required=True, key="generalization_measure"
        )
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
        answers = {model.label: subject.answer(model.checkpoint.model) for model in loaded[:2]}
        st.altair_chart(
            probability_bars(answers),
            key="generalization_probabilities",
            alt="; ".join(f"{name}: {answer.digit}" for name, answer in answers.items()),
        )
        if len(loaded) > 2:
            st.caption("The answers of the first two models.")


def _show_curves(loaded: list[models.ChosenModel], measure: str) -> None:
    columns, title, number_format = _MEASURES[measure]
    table = pd.DataFrame(
        [
            {"model": model.label, "images": images, "epoch": result.epoch, "value": getattr(result, column)}
            for model in loaded
            for result in model.checkpoint.history[:: -(-len(model.checkpoint.history) // MAX_POINTS)]
            for images, column in columns.items()
        ]
    )
    last = "; ".join(
        f"{model.label}: test {getattr(model.checkpoint.history[-1], columns['test']):{number_format}}, "
        f"training {getattr(model.checkpoint.history[-1], columns['training']):{number_format}}"
        for model in loaded
    )
    names = [model.label for model in loaded]
    figure.show(
        charts.histories(table, title, number_format, names), table, "generalization", f"After the last epoch: {last}."
    )
    st.markdown(f"*What to see:* after the last epoch {plain(last)}.")
