"""The training settings as widgets, which the URL can set: `?drop_prob=0.5&epochs=5`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from dropout_mnist.config import DATASETS, TrainConfig

DEFAULTS = TrainConfig()
MAX_DROP_PROB = 0.9
MAX_EPOCHS = 100


@dataclass(frozen=True)
class _Setting:
    """What a URL may say about one widget."""

    parse: Callable[[str], float]
    low: float
    high: float

    def accepts(self, text: str) -> bool:
        try:
            return self.low <= self.parse(text) <= self.high
        except ValueError:
            return False


_NUMBERS = {
    "drop_prob": _Setting(float, 0.0, MAX_DROP_PROB),
    "epochs": _Setting(int, 1, MAX_EPOCHS),
    "learning_rate": _Setting(float, 0.000001, 10.0),
    "batch_size": _Setting(int, 1, 60_000),
    "seed": _Setting(int, 0, 2**31 - 1),
    "train_size": _Setting(int, 1, 60_000),
}


def find_nonsense(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return each parameter of a URL that sets nothing, with the reason in words."""
    reasons = {}
    for name, text in parameters.items():
        if name in _NUMBERS:
            setting = _NUMBERS[name]
            if not setting.accepts(text):
                reasons[name] = f"a number from {setting.low:g} to {setting.high:g} is needed"
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
            "drop_prob: share of hidden units dropped in each training step",
            0.0,
            MAX_DROP_PROB,
            DEFAULTS.drop_prob,
            step=0.05,
            key="drop_prob",
            bind="query-params",
            help=(
                "In every training step each hidden unit is switched off with this probability, so that no unit "
                "can rely on particular others. The dropout paper's p is the opposite: the probability to *keep* a unit."
            ),
        )
    with epochs:
        number_of_epochs = st.number_input(
            "Epochs", 1, MAX_EPOCHS, DEFAULTS.epochs, key="epochs", bind="query-params", help="Passes over the images."
        )
    with st.expander("More settings", icon=":material/tune:"):
        left, middle, right = st.columns(3)
        learning_rate = left.number_input(
            "Learning rate", 0.000001, 10.0, DEFAULTS.learning_rate, 0.0005, "%g",
            key="learning_rate", bind="query-params", help="Adam's step size.",
        )  # fmt: skip
        batch_size = middle.number_input(
            "Batch size", 1, 60_000, DEFAULTS.batch_size, key="batch_size", bind="query-params",
            help="Images in each training step; an incomplete last batch is dropped.",
        )  # fmt: skip
        seed = right.number_input(
            "Seed", 0, 2**31 - 1, DEFAULTS.seed, key="seed", bind="query-params",
            help="Decides the initial weights, the order of the images and what is dropped: same seed, same result.",
        )  # fmt: skip
        train_size = left.number_input(
            "Training images", 1, 60_000, None, 1_000, key="train_size", bind="query-params", placeholder="all",
            help="Train on so many images, drawn at random. With few of them dropout matters more.",
        )  # fmt: skip
        dataset = middle.selectbox(
            "Data set", DATASETS, key="dataset", bind="query-params",
            help="digits: scikit-learn's bundled ones need no download and train in a second, but are few and coarse.",
        )  # fmt: skip
        right.caption("These settings are part of the page's address: copy it to share them.")
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
        st.error(f"These settings do not go together: {error}.", icon=":material/error:")
        return None


def _show_url_note() -> None:
    # The widgets take what they need out of the URL, so it is looked through once, when the session begins.
    if "url_note" not in st.session_state:
        parameters = st.query_params.to_dict()
        reasons = find_nonsense(parameters)
        for name in reasons.keys() & _NUMBERS.keys():
            # A widget would make the best of 2.5 epochs; nonsense is to set nothing.
            del st.query_params[name]
        st.session_state["url_note"] = "; ".join(
            f"{_plain(f'{name}={parameters[name]}'[:60])} ({reason})" for name, reason in reasons.items()
        )
    if note := st.session_state["url_note"]:
        st.warning(f"Ignored in the page's address: {note}", icon=":material/link_off:")


def _plain(text: str) -> str:
    """Return text from outside as Markdown that shows it literally."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()<>#+-.!|$~:" else letter for letter in text)
