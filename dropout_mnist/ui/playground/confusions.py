"""What is misread as what: the confusion matrix, and the images of one of its cells or the most confident mistakes."""

import streamlit as st

from dropout_mnist.data.datasets import Dataset
from dropout_mnist.evaluation import Evaluation
from dropout_mnist.shapes import CLASSES
from dropout_mnist.ui import charts
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground import test_images

_CHART_KEY = "confusion"
# The chosen cell, (label, prediction), or None for the mistakes.
_CELL_KEY = "confusion_cell"

Cell = tuple[int, int]


def show(dataset: Dataset, evaluation: Evaluation) -> None:
    """Show the matrix, and the images of the cell that is chosen by a click on it or from a list."""
    matrix, images = st.columns(2, gap="large")
    with images:
        cell = _choose_cell(evaluation)
        numbers = evaluation.find(*cell) if cell else evaluation.mistakes
        if numbers:
            key = f"{dataset.name}_{cell[0]}_{cell[1]}" if cell else dataset.name
            st.caption(_("Label → prediction. A click opens the image where drawings are answered."))
            test_images.show_pages(dataset, evaluation, numbers, key)
        else:
            st.success(_("No mistakes."), icon=":material/check:")
    with matrix:
        st.markdown(_("**Confusion matrix**: which digits are misread as which. A click on a cell lists its images."))
        st.altair_chart(
            charts.confusion_heatmap(evaluation.confusion, cell, dark=st.context.theme.type == "dark"),
            key=_CHART_KEY,
            on_select=_choose_clicked,
            alt=_describe_accuracies(evaluation),
        )


def _choose_cell(evaluation: Evaluation) -> Cell | None:
    """Show a list of the cells that have images, for visitors without a mouse."""
    wrong = [(label, prediction) for label, prediction, _count in evaluation.top_confusions(CLASSES**2)]
    right = [(digit, digit) for digit in range(CLASSES) if evaluation.confusion[digit, digit]]
    options: list[Cell | None] = [None, *wrong, *right]
    if st.session_state.get(_CELL_KEY) not in options:
        # The cell of another model, or a cell without images.
        st.session_state[_CELL_KEY] = None

    def describe(cell: Cell | None) -> str:
        if cell is None:
            return _("Most confident mistakes")
        label, prediction = cell
        count = int(evaluation.confusion[cell])
        return _("{label} read as {prediction} ({count})", label=label, prediction=prediction, count=f"{count:,}")

    return st.selectbox(_("Test images to show"), options, format_func=describe, key=_CELL_KEY)


def _choose_clicked() -> None:
    """Choose the cell that was clicked in the matrix, or none after a double click."""
    clicked = st.session_state[_CHART_KEY].selection[charts.CONFUSION_CELL]
    st.session_state[_CELL_KEY] = (clicked[0]["label"], clicked[0]["prediction"]) if clicked else None


def _describe_accuracies(evaluation: Evaluation) -> str:
    rows = (
        f"{digit}: {_('no images') if accuracy is None else f'{accuracy:.1%}'}"
        for digit, accuracy in enumerate(evaluation.digit_accuracy)
    )
    return _("Accuracy by digit: {rows}", rows=", ".join(rows))
