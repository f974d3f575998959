"""Which models answer: the one in use and, perhaps, a second one beside it. What a session chose is in its state."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint, CheckpointError, encode_checkpoint
from dropout_mnist.checkpoints.folder import DEFAULT_NAME, SUFFIX, list_checkpoints
from dropout_mnist.ui.resources import load_cached

# Of one session; each takes megabytes of the server's memory. The oldest makes room for a new one.
MAX_SESSION_CHECKPOINTS = 5

CHOICE_KEY = "model_choice"
RIVAL_KEY = "rival_choice"

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

    @property
    def is_uploaded(self) -> bool:
        """Whether it exists in this session alone."""
        return self.id in _session_checkpoints()


def use_model(choice: Path | Checkpoint) -> None:
    """Make a saved or a session's own checkpoint the one in use from the page's next run on."""
    if isinstance(choice, Path):
        st.session_state[_NEXT_CHOICE_KEY] = str(choice)
    else:
        model_id = f"{choice.name} (this session's, {hashlib.sha256(encode_checkpoint(choice)).hexdigest()[:8]})"
        checkpoints: dict[str, Checkpoint] = st.session_state.setdefault(_SESSION_KEY, {})
        checkpoints[model_id] = choice
        if len(checkpoints) > MAX_SESSION_CHECKPOINTS:
            del checkpoints[next(iter(checkpoints))]
        st.session_state[_NEXT_CHOICE_KEY] = model_id


def options() -> list[str]:
    """Return what can be chosen, and see to it that the session has chosen from it, if there is anything."""
    found = [*map(str, list_checkpoints()), *_session_checkpoints()]
    if (next_choice := st.session_state.pop(_NEXT_CHOICE_KEY, None)) in found:
        st.session_state[CHOICE_KEY] = next_choice
    for key in (CHOICE_KEY, RIVAL_KEY):
        if st.session_state.get(key) not in (None, *found):
            del st.session_state[key]
    if found and CHOICE_KEY not in st.session_state:
        st.session_state[CHOICE_KEY] = next((option for option in found if label(option) == DEFAULT_NAME), found[0])
    if found and st.session_state.get(RIVAL_KEY) == st.session_state[CHOICE_KEY]:
        del st.session_state[RIVAL_KEY]
    return found


def in_use() -> ChosenModel | None:
    """Return the model in use: the chosen one, or else any other that can be read."""
    found = options()
    choice = st.session_state.get(CHOICE_KEY)
    for option in sorted(found, key=lambda option: option != choice):
        try:
            return load(option)
        except CheckpointError:
            continue
    return None


def rival() -> ChosenModel | None:
    """Return the model that answers beside the one in use, if one was chosen and can be read."""
    choice = st.session_state.get(RIVAL_KEY)
    try:
        return load(choice) if choice in options() else None
    except CheckpointError:
        return None


def load(option: str) -> ChosenModel:
    """Return the model that an option stands for.

    Raises:
        CheckpointError: it cannot be read, or is damaged.
    """
    if option in _session_checkpoints():
        return ChosenModel(option, option, _session_checkpoints()[option])
    model_id, checkpoint = load_cached(Path(option))
    return ChosenModel(model_id, label(option), checkpoint)


def label(option: str) -> str:
    """Return what people know an option by."""
    return Path(option).name.removesuffix(SUFFIX)


def _session_checkpoints() -> dict[str, Checkpoint]:
    checkpoints: dict[str, Checkpoint] = st.session_state.get(_SESSION_KEY, {})
    return checkpoints
