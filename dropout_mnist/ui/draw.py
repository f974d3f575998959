"""Draw: a canvas, a picture or a test image on one side, the network's answer on the other."""

import random

import streamlit as st
import torch

from dropout_mnist.data import Dataset
from dropout_mnist.drawing import Pixels
from dropout_mnist.evaluation import Doubt, Prediction, predict
from dropout_mnist.mnist_files import DataError
from dropout_mnist.model import IMAGE_SIZE, INPUT_SIZE
from dropout_mnist.picture import PictureError, open_picture, read_picture
from dropout_mnist.ui import canvas, charts
from dropout_mnist.ui.model_bar import ChosenModel
from dropout_mnist.ui.pictures import enlarged_url
from dropout_mnist.ui.shared import dataset_is_at_hand, get_dataset
from dropout_mnist.ui.words import hesitation, percent, plain

DRAW, UPLOAD, TEST_IMAGE = "Draw", "Upload a picture", "Take a test image"

_INVITATIONS = {
    DRAW: "**Draw a digit, 0 to 9.** The answer appears here as soon as you lift the pen.",
    UPLOAD: "**Upload a picture of one digit.** The answer appears here.",
    TEST_IMAGE: "**Take a test image.** The answer appears here.",
}

_RECIPES = {
    "plain": "The model in use was trained by the *plain* recipe, the notebook's: every epoch shows it MNIST's images "
    "as they are. The *robust* recipe, made for drawings, varies them as well.",
    "robust": "The model in use was trained by the *robust* recipe: every epoch shows it MNIST's images as other hands "
    "and pens might have written them, and some things that are no digits. The *plain* recipe, the notebook's, shows "
    "the images as they are.",
}


@st.fragment
def show(model: ChosenModel | None, rival: ChosenModel | None) -> None:
    """Show the section; the drawing and the answer rerun on their own, without the rest of the page."""
    source = st.segmented_control(
        "Where the digit comes from",
        [DRAW, UPLOAD, TEST_IMAGE],
        default=DRAW,
        required=True,
        key="input_source",
        label_visibility="collapsed",
    )
    given, answer = st.columns([1, 2], gap="medium")
    with given:
        if source == DRAW:
            pixels = canvas.show()
        elif source == UPLOAD:
            pixels = _show_upload()
        else:
            pixels = _show_test_image(model)
    with answer:
        _show_answer(pixels, _INVITATIONS[source], model, rival)
    if model:
        st.caption(_RECIPES[model.checkpoint.config.recipe])


def _show_upload() -> Pixels | None:
    upload = st.file_uploader(
        "A picture of one digit, dark on light or light on dark",
        type=["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"],
        key="picture",
    )
    if upload is None:
        return None
    picture = pixels = None
    try:
        picture = open_picture(upload.getvalue())
        pixels = read_picture(picture)
    except PictureError as error:
        st.error(plain(error), icon=":material/error:")
    if picture is not None:
        st.image(picture, caption=plain(upload.name), width=canvas.SIZE, output_format="PNG")
    return pixels


def _show_test_image(model: ChosenModel | None) -> Pixels | None:
    dataset = _get_dataset_at_hand(model.checkpoint.config.dataset if model else "digits")
    test = dataset.test
    if "test_image" not in st.session_state:
        _take_another(len(test))
    st.button("Another", key="another_input", icon=":material/shuffle:", on_click=_take_another, args=(len(test),))
    index = st.session_state["test_image"] % len(test)
    pixels = test.pixels[index].numpy().reshape(IMAGE_SIZE, IMAGE_SIZE)
    st.image(enlarged_url(pixels, canvas.SIZE // IMAGE_SIZE), width=canvas.SIZE, alt=f"Test image {index}")
    st.caption(f"Test image {index:,} of {dataset.title}. Its label is **{int(test.labels[index])}**.")
    return pixels


def _get_dataset_at_hand(name: str) -> Dataset:
    """Return the data set, or the bundled one if it would have to be downloaded first."""
    try:
        if dataset_is_at_hand(name):
            return get_dataset(name)
    except DataError as error:
        st.warning(plain(error), icon=":material/warning:")
    return get_dataset("digits")


def _take_another(count: int) -> None:
    st.session_state["test_image"] = random.randrange(count)


def _show_answer(pixels: Pixels | None, invitation: str, model: ChosenModel | None, rival: ChosenModel | None) -> None:
    with st.container(key="prediction"):
        if model is None:
            st.info("There is no model to answer yet: train one below.", icon=":material/info:")
            return
        if pixels is None:
            st.info(invitation, icon=":material/draw:")
            return
        answers = {chosen.label: _predict(chosen, pixels) for chosen in (model, rival) if chosen}
        words, bars = st.columns([2, 3], gap="medium")
        with words, st.container(horizontal=True, gap="medium"):
            with st.container(width="content", gap="small"):
                for name, answer in answers.items():
                    st.metric(
                        name if rival else "Answer",
                        "?" if answer.doubt is Doubt.WHETHER else str(answer.digit),
                        f"{percent(answer.probs[answer.digit])} sure",
                        delta_color="off",
                        delta_arrow="off",
                        width="content",
                    )
                    if answer.doubt is not Doubt.NONE:
                        st.markdown(hesitation(answer), width=140)
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


def _predict(chosen: ChosenModel, pixels: Pixels) -> Prediction:
    [answer] = predict(chosen.checkpoint.model, torch.from_numpy(pixels.copy()).reshape(1, INPUT_SIZE))
    return answer
