"""What experiments are tried on: a network, and a digit that is drawn here or taken from the test images."""

from dataclasses import dataclass

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator
from torch import Tensor

from dropout_mnist.checkpoint import CheckpointError
from dropout_mnist.evaluation import Prediction, predict_batch
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.preprocessing.inputs import scale
from dropout_mnist.shapes import INPUT_SIZE
from dropout_mnist.ui import address, models
from dropout_mnist.ui.format import percent, plain
from dropout_mnist.ui.inputs import canvas, sample_image
from dropout_mnist.ui.lab.controls import Controls
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

PREFERRED_MODEL = "plain-p0.50"
_SOURCES = {"drawing": mark("Draw"), "test": mark("Use a test image")}
_WIDTH = 140
# A number in the address may have fewer digits than this; what is too large for the data set is replaced.
_DIGITS = 10

_STYLE = """<style>
.st-key-subject { --canvas-size: 15rem; }
</style>"""


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


def show(controls: Controls) -> Subject | None:
    """Show the choice of network and digit; None, with a message, if one of them is missing."""
    st.html(_STYLE)
    with st.container(key="subject"):
        model = _choose_model(controls)
        pixels = _choose_digit(controls, model)
    return Subject(model, pixels) if model is not None and pixels is not None else None


def show_beside(controls: Controls) -> tuple[Subject | None, DeltaGenerator]:
    """Show the choice of network and digit; return them, and the place beside them for what is tried."""
    left, right = st.columns([1, 2], gap="medium")
    with left:
        return show(controls), right


def show_answer(name: str, answer: Prediction, note: str = "") -> None:
    """Show what a network answers and how sure it is, with a note.

    Args:
        name: of the network.
        answer: its answer.
        note: what else is said of it.
    """
    sure = _("{prob} sure", prob=percent(answer.confidence))
    text = f"{sure}, {note}" if note else sure
    st.metric(name, str(answer.digit), text, delta_color="off", delta_arrow="off", width="content")


def _choose_model(controls: Controls) -> models.ChosenModel | None:
    options = models.options()
    if not options:
        st.warning(_("There are no models yet. Train one on the Playground first."), icon=":material/info:")
        return None
    names = {models.file_name(option): option for option in options}
    if (asked := names.get(address.adopt("model", controls.experiment) or "")) is not None:
        st.session_state["lab_model"] = asked
    preferred = names.get(PREFERRED_MODEL, options[0])
    option = st.selectbox(
        _("Network"),
        options,
        index=options.index(preferred),
        format_func=models.labels(options).__getitem__,
        key="lab_model",
        persist_state="session",
    )
    address.publish("model", models.file_name(option) if option != preferred else None)
    try:
        return models.load(option)
    except CheckpointError as error:
        st.error(f"{plain(error)}.", icon=":material/error:")
        return None


def _choose_digit(controls: Controls, model: models.ChosenModel | None) -> Pixels | None:
    default = "drawing" if canvas.drawn_pixels() is not None else "test"
    source = controls.choice("digit", mark("Digit"), _SOURCES, default)
    if source == "drawing":
        address.publish("image", None)
        pixels = canvas.show()
        if pixels is None:
            st.info(_("Draw a digit, 0 to 9."), icon=":material/draw:")
        return pixels
    canvas.remember()
    asked = address.adopt("image", controls.experiment) or ""
    if asked.isdecimal() and len(asked) < _DIGITS:
        st.session_state[sample_image.NUMBER_KEY] = int(asked)
    pixels = sample_image.show(model, _WIDTH)
    address.publish("image", str(st.session_state[sample_image.NUMBER_KEY]))
    return pixels
