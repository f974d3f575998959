"""The model in use, in a row below the answer: change it, compare it with another one, download or upload weights."""

from pathlib import Path

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint, CheckpointError
from dropout_mnist.checkpoints.folder import DEFAULT_NAME, SUFFIX
from dropout_mnist.messages.message import message_of
from dropout_mnist.ui import address, downloads, models, names
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.language import translate as _

_STYLE = """<style>
.st-key-model_choice, .st-key-comparison_choice { flex: 0 1 18rem; min-width: 0; }
@media (max-width: 640px) {
    .st-key-model { flex-wrap: nowrap; height: 3rem; gap: 0.25rem; }
    .st-key-model_choice { flex: 1; }
    .st-key-comparison_choice { flex: 1.2; }
    .st-key-model input { font-size: 0.875rem; padding-inline: 0.5rem 0; }
    .st-key-model_menu button { padding-inline: 0.25rem; }
    .st-key-model_menu p { position: absolute; width: 1px; overflow: hidden; clip-path: inset(50%); }
    .st-key-model > :has(> .st-key-model_facts) { display: none; }
}
</style>"""

# What the choices are called in the page's address.
_PARAMETERS = {"model": models.CHOICE_KEY, "compare": models.COMPARISON_KEY}


def show() -> None:
    """Show the row, and below it what is wrong with the chosen model, if it cannot be used."""
    st.html(_STYLE)
    options = models.options()
    for name, key in _PARAMETERS.items():
        asked = address.adopt(name)
        if (found := next((option for option in options if models.file_name(option) == asked), None)) is not None:
            st.session_state[key] = found
    models.update_choices(options)
    labels = models.labels(options)
    with st.container(key="model", horizontal=True, vertical_alignment="center", gap="small"):
        if not options:
            st.warning(_("There are no models yet. Train one first."), icon=":material/info:")
            return
        choice = st.selectbox(
            _("Model"),
            options,
            key=models.CHOICE_KEY,
            format_func=labels.__getitem__,
            label_visibility="collapsed",
            persist_state="session",
        )
        st.selectbox(
            _("Compare with"),
            [option for option in options if option != choice],
            index=None,
            key=models.COMPARISON_KEY,
            format_func=labels.__getitem__,
            placeholder=_("Compare with …"),
            label_visibility="collapsed",
            persist_state="session",
        )
        with st.popover(_("More"), help=_("Download or upload weights"), icon=":material/more_vert:", key="model_menu"):
            _show_menu()
        if (model := models.in_use()) is not None:
            with st.container(key="model_facts", width="content"):
                st.caption(_describe(model))
    _show_problem(choice)
    for name, key in _PARAMETERS.items():
        chosen = st.session_state.get(key)
        # A model of this session only has no name for others.
        shared = models.file_name(chosen) if chosen is not None and Path(chosen).suffix == SUFFIX else None
        address.publish(name, shared if (name, shared) != ("model", DEFAULT_NAME) else None)


def _show_problem(choice: str) -> None:
    try:
        models.load(choice)
    except CheckpointError as error:
        st.error(f"{plain(error)}.", icon=":material/error:")
        if (other := models.in_use()) is not None:
            st.info(_("Using {name} instead.", name=plain(other.label)), icon=":material/info:")


def _describe(model: models.ChosenModel) -> str:
    """Return one line on how a model was trained and how accurate it is."""
    checkpoint = model.checkpoint
    values = {"name": names.in_full(checkpoint.config), "accuracy": f"{checkpoint.test_accuracy:.2%}"}
    if model.is_uploaded:
        return _("{name} · test accuracy **{accuracy}**, according to its file", **values)
    return _("{name} · test accuracy **{accuracy}**", **values)


def _show_menu() -> None:
    if (model := models.in_use()) is not None:
        downloads.show(model.checkpoint)
    st.file_uploader(_("Upload weights"), type=[SUFFIX[1:]], key="upload_weights", on_change=_use_upload)
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
        st.session_state["upload_weights_error"] = message_of(error)
        return
    models.use_model(checkpoint)
    st.toast(_("Now using {name}.", name=plain(upload.name)), icon=":material/check:")
