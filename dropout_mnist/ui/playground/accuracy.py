"""The Test section: accuracy, a random test image, the confusion matrix and the most confident mistakes."""

import random

import streamlit as st

from dropout_mnist.config import DATASETS
from dropout_mnist.data.datasets import TITLES, Dataset
from dropout_mnist.data.mnist_files import DataError, DownloadProgress
from dropout_mnist.evaluation import Evaluation
from dropout_mnist.ui import charts
from dropout_mnist.ui.format import describe_download, plain
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.models import ChosenModel
from dropout_mnist.ui.resources import can_load_without_download, evaluate_cached, get_dataset

MISTAKES = 12


@st.fragment
def show(model: ChosenModel | None) -> None:
    """Show the section."""
    if model is None:
        st.info("There is no model to test yet. Train one above.", icon=":material/info:")
        return
    trained_on = model.checkpoint.config.dataset
    name = st.segmented_control(
        "Test images of",
        DATASETS,
        default=trained_on,
        required=True,
        format_func=lambda name: TITLES[name],
        key=f"test_dataset_{trained_on}",
        help="Pixels are scaled to [0, 1], as in training.",
    )
    dataset = _get_dataset(name)
    if dataset is None:
        if name == trained_on:
            checkpoint = model.checkpoint
            _show_accuracy(checkpoint.correct, checkpoint.total, f"measured on {TITLES[name]} when it was trained")
        return
    evaluation = evaluate_cached(model.id, name, model.checkpoint)
    summary, sample = st.columns(2, gap="large")
    with summary:
        _show_accuracy(evaluation.correct, evaluation.total, f"{dataset.title}, with dropout off")
        if name != trained_on:
            st.caption(f"The model was trained on {TITLES[trained_on]}: different writers and different scanners.")
    with sample:
        _show_random_sample(dataset, evaluation)
    confusion, mistakes = st.columns(2, gap="large")
    with confusion:
        st.markdown("**Confusion matrix**: which digits are misread as which")
        st.altair_chart(
            charts.confusion_heatmap(evaluation.confusion, dark=st.context.theme.type == "dark"),
            key="confusion",
            alt=_describe_accuracies(evaluation),
        )
    with mistakes:
        _show_mistakes(dataset, evaluation)


def _get_dataset(name: str) -> Dataset | None:
    """Return the data set; offer to download it if it is not on this machine."""
    if not can_load_without_download(name):
        st.info(
            "MNIST is not on this machine yet. You can draw without it, but testing on MNIST needs it.",
            icon=":material/database:",
        )
        if not st.button("Download MNIST (12 MB)", key="download", icon=":material/download:"):
            return None
    elif name == "mnist":
        with st.spinner("Loading MNIST …"):
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
            "Test accuracy", f"{correct / total:.2%}", f"{correct:,} of {total:,}", delta_color="off", delta_arrow="off"
        )
        st.caption(what)


def _show_random_sample(dataset: Dataset, evaluation: Evaluation) -> None:
    with st.container(key="random_sample"), st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if "random_sample_index" not in st.session_state:
            _choose_at_random(len(dataset.test))
        index = st.session_state["random_sample_index"] % len(dataset.test)
        st.image(enlarged_url(dataset.test.pixels[index], 5), width=140, alt=f"Test image {index}")
        with st.container(width=200, gap="small"):
            label, prediction = int(evaluation.labels[index]), int(evaluation.predictions[index])
            mark = ":green[:material/check:]" if label == prediction else ":red[:material/close:]"
            st.markdown(f"Test image {index:,}  \nLabel: **{label}**  \nPrediction: **{prediction}** {mark}")
            st.button(
                "Another",
                key="another",
                icon=":material/shuffle:",
                on_click=_choose_at_random,
                args=(len(dataset.test),),
            )


def _choose_at_random(count: int) -> None:
    st.session_state["random_sample_index"] = random.randrange(count)


def _show_mistakes(dataset: Dataset, evaluation: Evaluation) -> None:
    indices = evaluation.hardest_mistakes(MISTAKES)
    if not indices:
        st.success("No mistakes.", icon=":material/check:")
        return
    st.markdown("**Most confident mistakes**: label → prediction")
    with st.container(key="mistakes", horizontal=True, gap="small"):
        for index in indices:
            label, prediction = int(evaluation.labels[index]), int(evaluation.predictions[index])
            st.image(
                enlarged_url(dataset.test.pixels[index], 3),
                caption=f"{label} → {prediction}",
                width=84,
                alt=f"{label} misread as {prediction}",
            )


def _describe_accuracies(evaluation: Evaluation) -> str:
    rows = (
        f"{digit}: {'no images' if accuracy is None else f'{accuracy:.1%}'}"
        for digit, accuracy in enumerate(evaluation.digit_accuracy)
    )
    return "Accuracy by digit: " + ", ".join(rows)
