"""The Test section: accuracy, a random test image, and what is misread as what."""

import random

import streamlit as st

from dropout_mnist.config import DATASETS
from dropout_mnist.data.datasets import TITLES, Dataset
from dropout_mnist.data.mnist_files import DataError, DownloadProgress
from dropout_mnist.evaluation import Evaluation
from dropout_mnist.ui.format import describe_download, plain
from dropout_mnist.ui.inputs import sample_image
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.models import ChosenModel
from dropout_mnist.ui.playground import confusions, test_images
from dropout_mnist.ui.resources import can_load_without_download, evaluate_cached, get_dataset


@st.fragment
def show(model: ChosenModel | None) -> None:
    """Show the section."""
    if model is None:
        st.info(_("There is no model to test yet. Train one above."), icon=":material/info:")
        return
    trained_on = model.checkpoint.config.dataset
    name = st.segmented_control(
        _("Test images of"),
        DATASETS,
        default=trained_on,
        required=True,
        format_func=lambda name: localize(TITLES[name]),
        key=sample_image.dataset_key(model),
        help=_("Pixels are scaled to [0, 1], as in training."),
        persist_state="session",
    )
    dataset = _get_dataset(name)
    if dataset is None:
        if name == trained_on:
            checkpoint = model.checkpoint
            what = _("measured on {title} when it was trained", title=localize(TITLES[name]))
            _show_accuracy(checkpoint.correct, checkpoint.total, what)
        return
    evaluation = evaluate_cached(model.id, name, model.checkpoint)
    summary, sample = st.columns(2, gap="large")
    with summary:
        what = _("{title}, with dropout off", title=localize(dataset.title))
        _show_accuracy(evaluation.correct, evaluation.total, what)
        if name != trained_on:
            st.caption(
                _(
                    "The model was trained on {title}: different writers and different scanners.",
                    title=localize(TITLES[trained_on]),
                )
            )
    with sample:
        _show_random_sample(dataset, evaluation)
    confusions.show(dataset, evaluation)


def _get_dataset(name: str) -> Dataset | None:
    """Return the data set; offer to download it if it is not on this machine."""
    if not can_load_without_download(name):
        st.info(
            _("MNIST is not on this machine yet. You can draw without it, but testing on MNIST needs it."),
            icon=":material/database:",
        )
        if not st.button(_("Download MNIST (12 MB)"), key="download", icon=":material/download:"):
            return None
    elif name == "mnist":
        with st.spinner(_("Loading MNIST …")):
            return _load_with_progress(name)
    return _load_with_progress(name)


def _load_with_progress(name: str) -> Dataset | None:
    bar = st.empty()

    def report(download: DownloadProgress) -> None:
        bar.progress(download.done / download.total, describe_download(download))

    try:
        return get_dataset(name, report)
    except DataError as error:
        st.error(plain(error), icon=":material/error:")
        return None
    finally:
        bar.empty()


def _show_accuracy(correct: int, total: int, what: str) -> None:
    with st.container(key="test_accuracy"):
        st.metric(
            _("Test accuracy"),
            f"{correct / total:.2%}",
            _("{correct} of {total}", correct=f"{correct:,}", total=f"{total:,}"),
            delta_color="off",
            delta_arrow="off",
        )
        st.caption(what)


def _show_random_sample(dataset: Dataset, evaluation: Evaluation) -> None:
    with st.container(key="random_sample", horizontal=True, vertical_alignment="center", gap="medium"):
        if "random_sample_index" not in st.session_state:
            _choose_at_random(len(dataset.test))
        index = st.session_state["random_sample_index"] % len(dataset.test)
        test_images.show_button(dataset, index, "open_sample")
        with st.container(width=200, gap="small"):
            label, prediction = int(evaluation.labels[index]), int(evaluation.predictions[index])
            mark = ":green[:material/check:]" if label == prediction else ":red[:material/close:]"
            number = _("Test image {number}", number=f"{index:,}")
            labeled, predicted = _("Label: **{digit}**", digit=label), _("Prediction: **{digit}**", digit=prediction)
            st.markdown(f"{number}  \n{labeled}  \n{predicted} {mark}")
            st.button(
                _("Another"),
                key="another",
                icon=":material/shuffle:",
                on_click=_choose_at_random,
                args=(len(dataset.test),),
            )


def _choose_at_random(count: int) -> None:
    st.session_state["random_sample_index"] = random.randrange(count)
