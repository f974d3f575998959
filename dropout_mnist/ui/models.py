"""The models that answer on the page: the one in use and, if one is chosen, a second one for comparison.

A session's choices are in its state. Functions here only read them, except `use_model` and `compare_with`, which
request other models, and `update_choices`, which makes them valid.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint, CheckpointError
from dropout_mnist.checkpoints.folder import DEFAULT_NAME, SHIPPED_NAMES, SUFFIX, list_checkpoints
from dropout_mnist.ui import names
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.resources import load_cached, read_config, training_queue
from dropout_mnist.ui.visitor import visitor

# The limit of a session. Each takes megabytes of the server's memory, so the oldest is dropped for a new one.
MAX_SESSION_CHECKPOINTS = 5

CHOICE_KEY = "model_choice"
COMPARISON_KEY = "comparison_choice"

# The choices requested by `use_model` and `compare_with`: a widget's value cannot be set after the widget was shown.
_REQUESTED_KEY = "requested_model_choice"
_REQUESTED_COMPARISON_KEY = "requested_comparison_choice"
# Checkpoints that exist only in this session: id -> Checkpoint.
_SESSION_KEY = "session_checkpoints"
# The paths of the visitor's own checkpoints: the server forgets its runs, the session does not.
_OWN_KEY = "own_checkpoints"


class Group(IntEnum):
    """Whose a model is, in the order on the page."""

    SHIPPED = 0
    MINE = 1
    OTHERS = 2


@dataclass(frozen=True)
class ChosenModel:
    """A checkpoint on the page.

    Attributes:
        id: identifies its exact contents.
        label: says how it was trained, and whose it is; different from every other model's.
        checkpoint: with the network.
    """

    id: str
    label: str
    checkpoint: Checkpoint

    @property
    def is_uploaded(self) -> bool:
        """Whether it exists only in this session."""
        return self.id in _session_checkpoints()


def use_model(choice: Path | Checkpoint) -> None:
    """Use a model from the next run of the page on: a saved checkpoint, or one that exists only in this session."""
    st.session_state[_REQUESTED_KEY] = _register(choice)


def compare_with(choice: Path | Checkpoint) -> None:
    """Compare the model in use with this one from the next run of the page on."""
    st.session_state[_REQUESTED_COMPARISON_KEY] = _register(choice)


def _register(choice: Path | Checkpoint) -> str:
    """Return the option for a model; one that is not saved is kept in the session."""
    if isinstance(choice, Path):
        return str(choice)
    model_id = hashlib.sha256(choice.to_bytes()).hexdigest()[:8]
    checkpoints: dict[str, Checkpoint] = st.session_state.setdefault(_SESSION_KEY, {})
    checkpoints[model_id] = choice
    if len(checkpoints) > MAX_SESSION_CHECKPOINTS:
        del checkpoints[next(iter(checkpoints))]
    return model_id


def options() -> list[str]:
    """Return the models to choose from: the paths of saved checkpoints and the ids of this session's own, by group."""
    own = _own_paths()
    return sorted([*map(str, list_checkpoints()), *_session_checkpoints()], key=lambda option: _group(option, own))


def update_choices(available: Sequence[str]) -> None:
    """Make the session's choices valid; call it once in each run of the page, before the widgets that show them.

    A requested model becomes the choice. A choice that is no longer available is replaced by the default model.
    """
    choices = {CHOICE_KEY: _choice(available), COMPARISON_KEY: _comparison_choice(available)}
    for key in (_REQUESTED_KEY, _REQUESTED_COMPARISON_KEY):
        st.session_state.pop(key, None)
    for key, choice in choices.items():
        if choice is None:
            st.session_state.pop(key, None)
        elif st.session_state.get(key) != choice:
            st.session_state[key] = choice


def in_use() -> ChosenModel | None:
    """Return the model in use: the chosen one, or if that cannot be read, any other; None if there is none."""
    available = options()
    choice = _choice(available)
    for option in sorted(available, key=lambda option: option != choice):
        with suppress(CheckpointError):
            return load(option)
    return None


def comparison() -> ChosenModel | None:
    """Return the model for comparison with the one in use, if one is chosen and can be read."""
    choice = _comparison_choice(options())
    with suppress(CheckpointError):
        return load(choice) if choice else None
    return None


def load(option: str) -> ChosenModel:
    """Return the model of an option.

    Raises:
        CheckpointError: it cannot be read, or is damaged.
    """
    if option in _session_checkpoints():
        return ChosenModel(option, label(option), _session_checkpoints()[option])
    model_id, checkpoint = load_cached(Path(option))
    return ChosenModel(model_id, label(option), checkpoint)


def label(option: str) -> str:
    """Return the name of an option on the page: how its network was trained and, unless it is shipped, whose it is."""
    name = _name(option)
    match _group(option, _own_paths()):
        case Group.SHIPPED:
            return name
        case Group.MINE:
            return _("Mine: {name}", name=name)
        case Group.OTHERS:
            return _("Others: {name}", name=name)


def labels(available: Sequence[str]) -> dict[str, str]:
    """Return the names of options on the page, for widgets that choose among them."""
    return {option: label(option) for option in available}


def file_name(option: str) -> str:
    """Return the name of an option's file without its suffix, such as "plain-p0.50": the same for every visitor."""
    return Path(option).name.removesuffix(SUFFIX)


def _name(option: str) -> str:
    """Return the name of an option within its group."""
    if (checkpoint := _session_checkpoints().get(option)) is not None:
        return _("{name} (not saved, {id})", name=names.checkpoint(checkpoint), id=option)
    try:
        config = read_config(Path(option))
    except CheckpointError:
        return file_name(option)
    # A file that was renamed may hold the same network as another one.
    note = "" if config.name == file_name(option) else f" ({file_name(option)})"
    return names.network(config) + note


def _group(option: str, own: set[str]) -> Group:
    if option in own or option in _session_checkpoints():
        return Group.MINE
    return Group.SHIPPED if file_name(option) in SHIPPED_NAMES else Group.OTHERS


def _own_paths() -> set[str]:
    """Return the paths of the checkpoints that this visitor's runs have made, as far as they are remembered."""
    own: set[str] = st.session_state.setdefault(_OWN_KEY, set())
    own.update(str(run.path) for run in training_queue().runs_of(visitor()) if run.path)
    return own


def _choice(available: Sequence[str]) -> str | None:
    for key in (_REQUESTED_KEY, CHOICE_KEY):
        if st.session_state.get(key) in available:
            choice: str = st.session_state[key]
            return choice
    defaults = [option for option in available if file_name(option) == DEFAULT_NAME]
    return next(iter([*defaults, *available]), None)


def _comparison_choice(available: Sequence[str]) -> str | None:
    for key in (_REQUESTED_COMPARISON_KEY, COMPARISON_KEY):
        choice: str | None = st.session_state.get(key)
        if choice in available and choice != _choice(available):
            return choice
    return None


def _session_checkpoints() -> dict[str, Checkpoint]:
    checkpoints: dict[str, Checkpoint] = st.session_state.get(_SESSION_KEY, {})
    return checkpoints
