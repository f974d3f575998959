"""The training settings as widgets, which the URL can set: `?drop_prob=0.5&epochs=5`."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dropout_mnist.config import DATASETS, TrainConfig
from dropout_mnist.ui.words import plain

DEFAULTS = TrainConfig()


# The lowest and the highest value of each number, in its widget and in a URL.
_RANGES: dict[str, tuple[Any, Any]] = {
    "drop_prob": (0.0, 0.9),
    "epochs": (1, 100),
    "learning_rate": (0.000001, 10.0),
    "batch_size": (1, 60_000),
    "seed": (0, 2**31 - 1),
    "train_size": (1, 60_000),
}


def find_nonsense(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return each parameter of a URL that sets nothing, with the reason in words."""
    reasons = {}
    for name, text in parameters.items():
        if name in _RANGES:
            low, high = _RANGES[name]
            if not _is_between(text, low, high):
                kind = "number" if isinstance(low, float) else "whole number"
                reasons[name] = f"a {kind} from {low:,} to {high:,} is needed"
        elif name == "dataset":
            if text not in DATASETS:
                reasons[name] = f"one of {', '.join(DATASETS)} is needed"
        else:
            reasons[name] = "there is no such setting"
    return reasons


def show() -> TrainConfig | None:
    """Show the widgets; return the config that they describe, or None with a message if it makes no sense."""
    _show_url_note()
    slider, epochs = st.columns([2, 1], gap="medium", vertical_alignment="bottom")
    with slider:
        drop_prob = st.slider(
            "drop_prob",
            *_RANGES["drop_prob"],
            DEFAULTS.drop_prob,
            step=0.05,
            key="drop_prob",
            bind="query-params",
            help="The dropout paper's p is the opposite: the probability to *keep* a unit.",
        )
    with epochs:
        number_of_epochs = _number_input("Epochs", "epochs", "Passes over the training images.")
    st.caption(
        "In every training step each hidden unit is left out with probability `drop_prob`, and the others make up "
        "for it. So no unit can rely on particular other ones, and the network learns its images less by heart."
    )
    with st.expander("More settings", icon=":material/tune:"):
        left, middle, right = st.columns(3)
        with left:
            learning_rate = _number_input(
                "Learning rate", "learning_rate", "Adam's step size.", step=0.0005, format="%g"
            )
            train_size = _number_input(
                "Training images",
                "train_size",
                "Train on so many images, drawn at random. With few of them dropout matters more.",
                step=1_000,
                placeholder="all",
            )
        with middle:
            batch_size = _number_input(
                "Batch size", "batch_size", "Images in each training step; an incomplete last batch is dropped."
            )
            dataset = st.selectbox(
                "Data set",
                DATASETS,
                key="dataset",
                bind="query-params",
                help="digits: scikit-learn's bundled ones; they need no download and train in a second, but are few.",
            )
        with right:
            seed = _number_input(
                "Seed", "seed", "Decides initial weights, order of the images and masks: same seed, same result."
            )
            st.caption("All settings are part of the page's address: copy it to share them.")
    try:
        return TrainConfig(
            drop_prob=round(drop_prob, 6),
            epochs=number_of_epochs,
            learning_rate=learning_rate,
            batch_size=batch_size,
            seed=seed,
            train_size=train_size,
            dataset=dataset,
        )
    except ValueError as error:
        st.error(f"These settings do not go together: {plain(error)}.", icon=":material/error:")
        return None


def _number_input(label: str, name: str, help_text: str, **options: Any) -> Any:
    return st.number_input(
        label, *_RANGES[name], getattr(DEFAULTS, name), key=name, bind="query-params", help=help_text, **options
    )


def _show_url_note() -> None:
    if "url_note" not in st.session_state:
        parameters = st.query_params.to_dict()
        reasons = find_nonsense(parameters)
        st.session_state["url_note"] = "; ".join(
            f"{plain(f'{name}={parameters[name]}'[:60])} ({reason})" for name, reason in reasons.items()
        )
        if bad := reasons.keys() & {*_RANGES, "dataset"}:
            # Left to the widgets, 2.5 epochs would be 2 and infinitely many an exception.
            for name in bad:
                del st.query_params[name]
            st.rerun()
    if note := st.session_state["url_note"]:
        st.warning(f"Ignored in the page's address: {note}", icon=":material/link_off:")


def _is_between(text: str, low: float, high: float) -> bool:
    try:
        return low <= type(low)(text) <= high
    except ValueError:
        return False
