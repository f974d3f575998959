"""The subject of the lab's experiments: a network and a digit."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from dropout_mnist.checkpoint import CheckpointError
from dropout_mnist.evaluation import Prediction, predict_batch
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.preprocessing.inputs import scale
from dropout_mnist.shapes import INPUT_SIZE
from dropout_mnist.ui import models, navigation
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.inputs import canvas, sample_image

PREFERRED_MODEL = "plain-p0.50"
DRAWING, TEST_IMAGE = "Your drawing", "A test image"
_WIDTH = 140


@dataclass(frozen=True)
class Subject:
    """A network and a digit.

    Attributes:
        model: the network, with the id of its exact contents.
        pixels: the digit, (28, 28) uint8.
    """

    model: models.ChosenModel
    pixels: Pixels

    @property
    def network(self) -> MLP:
        """The network, in eval mode. It is shared: never change it."""
        return self.model.checkpoint.model

    @property
    def image(self) -> Tensor:
        """The digit as the network's input, (784,) float32 in [0, 1]."""
        return scale(torch.tensor(self.pixels)).reshape(INPUT_SIZE)

    def answer(self, network: MLP | None = None) -> Prediction:
        """Return the answer for the digit of a full network: the subject's own unless another one is given."""
        [prediction] = predict_batch(network or self.network, torch.tensor(self.pixels).reshape(1, INPUT_SIZE))
        return prediction

    @property
    def drop_prob(self) -> float:
        """The network's `drop_prob` in training, or 0.5 if it was trained without dropout."""
        return self.model.checkpoint.config.drop_prob or 0.5


def show() -> Subject | None:
    """Show the choice of network and digit; None, with a message, if there is no network."""
    with st.container(key="subject", border=True):
        left, right = st.columns([1, 2], gap="medium")
        with right:
            model = _choose_model()
        with left:
            pixels = _choose_digit(model)
    return Subject(model, pixels) if model else None


def _choose_model() -> models.ChosenModel | None:
    options = models.options()
    if not options:
        st.warning("There are no models yet. Train one on the Playground first.", icon=":material/info:")
        return None
    preferred = [option for option in options if models.file_name(option) == PREFERRED_MODEL]
    option = st.selectbox(
        "Network",
        options,
        index=options.index(preferred[0]) if preferred else 0,
        format_func=models.labels(options).__getitem__,
        key="lab_model",
        persist_state="session",
    )
    try:
        model = models.load(option)
    except CheckpointError as error:
        st.error(f"{plain(error)}.", icon=":material/error:")
        return None
    config = model.checkpoint.config
    st.caption(
        f"Trained with drop_prob {config.drop_prob:.3g}, {plain(config.recipe)} recipe; test accuracy "
        f"{model.checkpoint.test_accuracy:.2%}. Sections 2 and 3 and the pruning in section 6 compute this network's "
        "answers for this digit as you watch. The charts over all test images show measurements that ship with the "
        "program."
    )
    return model


def _choose_digit(model: models.ChosenModel | None) -> Pixels:
    drawn = canvas.drawn_pixels()
    sources = [DRAWING, TEST_IMAGE] if drawn is not None else [TEST_IMAGE]
    source = st.segmented_control("Digit", sources, default=sources[0], required=True, key=f"lab_digit_{len(sources)}")
    if source == DRAWING and drawn is not None:
        st.image(enlarged_url(drawn, _WIDTH // 28), width=_WIDTH, alt="Your drawing, as the network's input")
        return drawn
    pixels = sample_image.show(model, _WIDTH)
    if drawn is None:
        navigation.PLAYGROUND.link("Draw a digit on the Playground")
    return pixels
