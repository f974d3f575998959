"""The network's answer: a digit or the doubt about it, the network's input, and the ten probabilities."""

import streamlit as st
import torch

from dropout_mnist.evaluation import Doubt, Prediction, predict_batch
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.shapes import IMAGE_SIZE, INPUT_SIZE
from dropout_mnist.ui import charts, models
from dropout_mnist.ui.describe import describe
from dropout_mnist.ui.format import percent, plain
from dropout_mnist.ui.images import enlarged_url


def show(pixels: Pixels) -> None:
    """Show the answers of the model in use, and of the one for comparison if there is one.

    Args:
        pixels: the network's input, (28, 28) uint8.
    """
    model, comparison = models.in_use(), models.comparison()
    if model is None:
        st.info("There is no model to answer yet. Train one below.", icon=":material/info:")
        return
    image = torch.tensor(pixels).reshape(1, INPUT_SIZE)
    chosen = [model, comparison] if comparison else [model]
    answers = {one.label: predict_batch(one.checkpoint.model, image)[0] for one in chosen}
    text, bars = st.columns([2, 3], gap="medium")
    with text, st.container(horizontal=True, gap="medium"):
        with st.container(width="content", gap="small"):
            for one, answer in zip(chosen, answers.values(), strict=True):
                symbol = "?" if answer.doubt is Doubt.NOT_A_DIGIT else None
                show_digit(plain(one.label) if comparison else "Answer", answer, symbol)
                if sentence := describe(answer, one.checkpoint.test_accuracy):
                    st.markdown(sentence, width=140)
        with st.container(key="network_input", width=IMAGE_SIZE * 5, gap="small"):
            st.image(enlarged_url(pixels, 5), width=IMAGE_SIZE * 5, alt="The network's input, 28 x 28 pixels")
            st.caption(
                "The network's input: 28 x 28 pixels",
                help="The digit is cropped, scaled to 20 pixels and centered by its mass, like the digits of MNIST. "
                "Drawings are re-rendered with a pen like theirs.",
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


def show_digit(label: str, answer: Prediction, symbol: str | None = None) -> None:
    """Show the most probable digit with its probability.

    Args:
        label: above the digit.
        answer: of a network.
        symbol: what to show instead of the digit.
    """
    st.metric(
        label,
        symbol or str(answer.digit),
        f"{percent(answer.probs[answer.digit])} sure",
        delta_color="off",
        delta_arrow="off",
        width="content",
    )
