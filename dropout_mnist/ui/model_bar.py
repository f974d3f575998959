"""The model in use, always visible at the bottom of the page: change it, compare, download or upload weights."""

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint, CheckpointError
from dropout_mnist.checkpoints.folder import SUFFIX
from dropout_mnist.data.datasets import TITLES
from dropout_mnist.ui import downloads, models
from dropout_mnist.ui.format import epochs, plain

# Leaves room for the menu next to it on a phone.
BAR_WIDTH = 220


def show() -> None:
    """Show the bar."""
    options = models.options()
    models.update_choices(options)
    with st.bottom, st.container(key="model", horizontal=True, vertical_alignment="center", gap="small"):
        if not options:
            st.warning("There are no models yet. Train one first.", icon=":material/info:")
            return
        choice = st.selectbox(
            "Model",
            options,
            key=models.CHOICE_KEY,
            format_func=models.label,
            label_visibility="collapsed",
            width=BAR_WIDTH,
            persist_state="session",
        )
        with st.popover("More", help="Compare with another model, download, upload", key="model_menu"):
            _show_menu([option for option in options if option != choice])
        _show_problem(choice)
        if (model := models.in_use()) is not None:
            st.caption(_describe(model.checkpoint) + (", according to its file" if model.is_uploaded else ""))


def _show_problem(choice: str) -> None:
    try:
        models.load(choice)
    except CheckpointError as error:
        st.error(f"These weights cannot be used: {plain(error)}.", icon=":material/error:")
        if (other := models.in_use()) is not None:
            st.info(f"Using {plain(other.label)} instead.", icon=":material/info:")


def _describe(checkpoint: Checkpoint) -> str:
    """Return one line on how a model was trained and how accurate it is."""
    config = checkpoint.config
    always_shown = ("recipe", "drop_prob", "epochs", "dataset")
    others = [f"{plain(name)} {value}" for name, value in config.differences().items() if name not in always_shown]
    parts = [
        f"**{config.recipe}** recipe",
        f"drop_prob **{config.drop_prob:.3g}**",
        epochs(config.epochs),
        *others,
        TITLES[config.dataset],
        f"test accuracy **{checkpoint.test_accuracy:.2%}**",
    ]
    return " · ".join(parts)


def _show_menu(others: list[str]) -> None:
    st.selectbox(
        "Compare with",
        others,
        index=None,
        key=models.COMPARISON_KEY,
        format_func=models.label,
        placeholder="no other model",
        help="A second model answers for the same digit.",
        persist_state="session",
    )
    if (model := models.in_use()) is not None:
        downloads.show(model.checkpoint)
    st.file_uploader("Upload weights", type=[SUFFIX[1:]], key="upload_weights", on_change=_use_upload)
    if message := st.session_state.get("upload_weights_error"):
        st.error(plain(message), icon=":material/error:")


def _use_upload() -> None:
    st.session_state.pop("upload_weights_error", None)
    upload = st.session_state["upload_weights"]
    if upload is None:
        return
    try:
        checkpoint = Checkpoint.from_bytes(upload.getvalue(), upload.name)
    except CheckpointError as error:
        st.session_state["upload_weights_error"] = str(error)
        return
    models.use_model(checkpoint)
    st.toast(f"Now using {plain(upload.name)}.", icon=":material/check:")
