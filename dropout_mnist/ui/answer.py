"""The answer: a digit or the doubt about it, what the network saw, and the ten probabilities."""

import streamlit as st
import torch

from dropout_mnist.evaluation import Doubt, Prediction, predict
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.shapes import IMAGE_SIZE, INPUT_SIZE
from dropout_mnist.ui import charts, models
from dropout_mnist.ui.format import percent
from dropout_mnist.ui.images import enlarged_url


def show(pixels: Pixels) -> None:
    """Show what the model in use, and its rival if there is one, say to the pixels, (28, 28) uint8."""
    model, rival = models.in_use(), models.rival()
    if model is None:
        st.info("There is no model to answer yet: train one below.", icon=":material/info:")
        return
    images = torch.tensor(pixels).reshape(1, INPUT_SIZE)
    answers = {
        chosen.label: predict(chosen.checkpoint.model, images)[0] for chosen in (model, rival) if chosen is not None
    }
    words, bars = st.columns([2, 3], gap="medium")
    with words, st.container(horizontal=True, gap="medium"):
        with st.container(width="content", gap="small"):
            for name, answer in answers.items():
                show_digit(name if rival else "Answer", answer, "?" if answer.doubt is Doubt.WHETHER else None)
                if answer.doubt is not Doubt.NONE:
                    st.markdown(_hesitation(answer), width=140)
        with st.container(key="network_input", width=IMAGE_SIZE * 5, gap="small"):
            st.image(enlarged_url(pixels, 5), width=IMAGE_SIZE * 5, alt="The network's input, 28 x 28")
            st.caption(
                "What the network sees: 28 x 28 pixels",
                help="Cropped, scaled to 20 pixels and centred by its mass, as MNIST's digits were; "
                "what was drawn on the canvas is drawn anew with a pen like theirs.",
            )
    with bars:
        st.altair_chart(
            charts.probability_bars(answers),
            key="probabilities",
            alt="; ".join(
                f"{name}: " + ", ".join(f"{digit} {prob:.1%}" for digit, prob in enumerate(answer.probs))
                for name, answer in answers.items()
            ),
        )


def show_digit(label: str, answer: Prediction, instead: str | None = None) -> None:
    """Show the most probable digit, or something instead, and how sure the network is of it."""
    st.metric(
        label,
        instead or str(answer.digit),
        f"{percent(answer.probs[answer.digit])} sure",
        delta_color="off",
        delta_arrow="off",
        width="content",
    )


def _hesitation(answer: Prediction) -> str:
    """Say what an answer is in doubt about."""
    first, second = map(_a_digit, answer.ranking[:2])
    if answer.doubt is Doubt.WHICH:
        return f"{first.capitalize()}, or perhaps {second}."
    return f"This looks like no digit. If it is one, then perhaps {first}."


def _a_digit(digit: int) -> str:
    return f"an {digit}" if digit == 8 else f"a {digit}"
