"""The model in use: always in sight at the bottom of the page, to be changed, compared, downloaded, uploaded."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint, CheckpointError, decode_checkpoint, encode_checkpoint
from dropout_mnist.checkpoint_cache import DEFAULT_NAME, SUFFIX, list_checkpoints
from dropout_mnist.data import TITLES
from dropout_mnist.ui.shared import load_cached
from dropout_mnist.ui.words import epochs, plain

_CHOICE_KEY = "model_choice"
_RIVAL_KEY = "rival_choice"

# Leaves room for the menu beside it on a phone.
BAR_WIDTH = 220

# Set by `use_model` for the next run of the page: a widget's value cannot be changed after it was shown.
_NEXT_CHOICE_KEY = "next_model_choice"
# Checkpoints that exist in this session alone: id -> Checkpoint.
_SESSION_KEY = "session_checkpoints"


@dataclass(frozen=True)
class ChosenModel:
    """A checkpoint on the page.

    Attributes:
        id: stands for its exact contents.
        label: what people know it by, different from every other model's.
    """

    id: str
    label: str
    checkpoint: Checkpoint


def use_model(choice: Path | Checkpoint) -> None:
    """Make a saved or a session's own checkpoint the one in use from the page's next run on."""
    if isinstance(choice, Path):
        st.session_state[_NEXT_CHOICE_KEY] = str(choice)
    else:
        st.session_state[_NEXT_CHOICE_KEY] = _keep_in_session(choice, encode_checkpoint(choice))


def show() -> tuple[ChosenModel | None, ChosenModel | None]:
    """Show the bar; return the model in use and the one to compare it with, None where there is none."""
    options = [*map(str, list_checkpoints()), *_session_checkpoints()]
    if (next_choice := st.session_state.pop(_NEXT_CHOICE_KEY, None)) in options:
        st.session_state[_CHOICE_KEY] = next_choice
    for key in (_CHOICE_KEY, _RIVAL_KEY):
        if st.session_state.get(key) not in options:
            st.session_state.pop(key, None)

    with st.bottom, st.container(key="model", horizontal=True, vertical_alignment="center", gap="small"):
        if not options:
            st.warning("There are no weights yet: train a model first.", icon=":material/info:")
            return None, None
        st.session_state.setdefault(_CHOICE_KEY, _default(options))
        choice = st.selectbox(
            "Model in use", options, key=_CHOICE_KEY, format_func=_label, label_visibility="collapsed", width=BAR_WIDTH
        )
        with st.popover("More", help="Compare with another model, download, upload", key="model_menu"):
            rival_choice = _show_menu(options, choice)
        model, rival = _load(choice), _load(rival_choice) if rival_choice else None
        if model is None:
            model = _load_any_other(options, choice)
        if model is not None:
            st.caption(_describe(model.checkpoint, uploaded=model.label in _session_checkpoints()))
    return model, rival


def _describe(checkpoint: Checkpoint, uploaded: bool) -> str:
    """Say in one line how a model was made and how good it is."""
    config = checkpoint.config
    shown_anyway = ("recipe", "drop_prob", "epochs", "dataset")
    others = [f"{plain(name)} {value}" for name, value in config.differences().items() if name not in shown_anyway]
    parts = [
        f"**{config.recipe}** recipe",
        f"drop_prob **{config.drop_prob:.3g}**",
        epochs(config.epochs),
        *others,
        TITLES[config.dataset],
        f"test accuracy **{checkpoint.test_accuracy:.2%}**",
    ]
    return " · ".join(parts) + (", as its file says" if uploaded else "")


def _show_menu(options: list[str], choice: str) -> str | None:
    rival = st.selectbox(
        "Compare with",
        [option for option in options if option != choice],
        index=None,
        key=_RIVAL_KEY,
        format_func=_label,
        placeholder="no other model",
        help="A second model answers for the same drawing.",
    )
    if (model := _load(choice, silent=True)) is not None:
        checkpoint = model.checkpoint
        st.download_button(
            "Download these weights",
            data=lambda: encode_checkpoint(checkpoint),
            file_name=checkpoint.name + SUFFIX,
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )
    st.file_uploader("Upload weights", type=[SUFFIX[1:]], key="upload_weights", on_change=_take_upload)
    if message := st.session_state.get("upload_weights_error"):
        st.error(plain(message), icon=":material/error:")
    return rival


def _take_upload() -> None:
    st.session_state.pop("upload_weights_error", None)
    upload = st.session_state["upload_weights"]
    if upload is None:
        return
    data = upload.getvalue()
    try:
        checkpoint = decode_checkpoint(data, upload.name)
    except CheckpointError as error:
        st.session_state["upload_weights_error"] = str(error)
        return
    st.session_state[_NEXT_CHOICE_KEY] = _keep_in_session(checkpoint, data)
    st.toast(f"{plain(upload.name)} is now in use.", icon=":material/check:")


def _keep_in_session(checkpoint: Checkpoint, data: bytes) -> str:
    model_id = f"{checkpoint.name} (this session's, {hashlib.sha256(data).hexdigest()[:8]})"
    st.session_state.setdefault(_SESSION_KEY, {})[model_id] = checkpoint
    return model_id


def _session_checkpoints() -> dict[str, Checkpoint]:
    checkpoints: dict[str, Checkpoint] = st.session_state.get(_SESSION_KEY, {})
    return checkpoints


def _label(option: str) -> str:
    return Path(option).name.removesuffix(SUFFIX)


def _default(options: list[str]) -> str:
    return next((option for option in options if _label(option) == DEFAULT_NAME), options[0])


def _load(option: str, silent: bool = False) -> ChosenModel | None:
    if option in _session_checkpoints():
        return ChosenModel(option, option, _session_checkpoints()[option])
    try:
        model_id, checkpoint = load_cached(Path(option))
    except CheckpointError as error:
        if not silent:
            st.error(f"These weights cannot be used: {plain(error)}.", icon=":material/error:")
        return None
    return ChosenModel(model_id, _label(option), checkpoint)


def _load_any_other(options: list[str], choice: str) -> ChosenModel | None:
    for option in options:
        if option != choice and (model := _load(option, silent=True)) is not None:
            st.info(f"Using {plain(_label(option))} instead.", icon=":material/info:")
            return model
    return None
