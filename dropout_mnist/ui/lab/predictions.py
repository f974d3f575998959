"""Part 2: the visitor's prediction, asked before the measurements are shown. Only the session keeps it."""

import streamlit as st

from dropout_mnist.ui import scroll
from dropout_mnist.ui.lab import curve
from dropout_mnist.ui.lab.experiment import Answer, Choice, Curve, Estimate, Experiment
from dropout_mnist.ui.language import translate as _

# Of the part that follows.
MEASURED_KEY = "lab_part_measured"
# At most, after the first one, which the answer replaces.
_QUESTION_ELEMENTS = 3
# What was predicted, by the experiment's key.
_KEY = "lab_predictions"


def answered() -> dict[str, Answer]:
    """Return what was predicted, by the experiment's key; None for a question that was skipped."""
    answers: dict[str, Answer] = st.session_state.setdefault(_KEY, {})
    return answers


def show(experiment: Experiment) -> None:
    """Ask the question, or show what was predicted."""
    if experiment.key in answered():
        _show_answer(experiment)
        return
    st.markdown(f"**{_(experiment.prediction.question)}**")
    value = _ask(experiment)
    with st.container(horizontal=True):
        st.button(
            _("Keep my prediction"),
            key="predict",
            type="primary",
            icon=":material/flag:",
            disabled=value is None,
            on_click=_keep,
            args=(experiment, value),
        )
        st.button(_("Skip"), key="skip_prediction", type="tertiary", on_click=_keep, args=(experiment, None))


def describe(experiment: Experiment, answer: Answer) -> str:
    """Return a prediction in words."""
    prediction = experiment.prediction
    if isinstance(prediction, Choice):
        return _(prediction.answers[str(answer)])
    if isinstance(prediction, Curve):
        assert isinstance(answer, tuple)
        return curve.describe(prediction, answer)
    return _(prediction.number_format) % answer


def _ask(experiment: Experiment) -> Answer:
    key = f"prediction_{experiment.key}"
    match experiment.prediction:
        case Choice(question, answers):
            chosen: str | None = st.radio(
                _(question),
                list(answers),
                index=None,
                format_func=lambda code: _(answers[code]),
                key=key,
                label_visibility="collapsed",
            )
            return chosen
        case Estimate(question, low, high, start, step, number_format):
            return st.slider(
                _(question),
                low,
                high,
                start,
                step,
                format=_(number_format),
                key=key,
                label_visibility="collapsed",
            )
        case Curve():
            return curve.ask(experiment.prediction, key)


def _show_answer(experiment: Experiment) -> None:
    answer = answered()[experiment.key]
    with st.container(horizontal=True, vertical_alignment="center"):
        if answer is None:
            st.markdown(_("You skipped the question: {question}", question=_(experiment.prediction.question)))
        else:
            st.markdown(
                _(
                    "{question} You predicted **{answer}**.",
                    question=_(experiment.prediction.question),
                    answer=describe(experiment, answer),
                )
            )
        st.button(
            _("Predict again"),
            key="predict_again",
            type="tertiary",
            icon=":material/undo:",
            on_click=_forget,
            args=(experiment,),
        )
    # The question's elements, which would stay until all of the measurements are there.
    for _element in range(_QUESTION_ELEMENTS):
        st.empty()


def _forget(experiment: Experiment) -> None:
    del answered()[experiment.key]


def _keep(experiment: Experiment, answer: Answer) -> None:
    answered()[experiment.key] = answer
    # The button is gone: the keyboard continues at what follows.
    scroll.request(MEASURED_KEY)
