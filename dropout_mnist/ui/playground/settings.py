"""The training settings as widgets, which the URL can set: `?drop_prob=0.5&epochs=5`."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dropout_mnist.config import DATASETS, RECIPES, TrainConfig
from dropout_mnist.ui.format import plain

_CHOICES = {"dataset": DATASETS, "recipe": RECIPES}

# The lowest and the highest value of each number, in its widget and in a URL.
_RANGES: dict[str, tuple[Any, Any]] = {
    "drop_prob": (0.0, 0.9),
    "epochs": (1, 1_000),
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
        elif name in _CHOICES:
            if text not in _CHOICES[name]:
                reasons[name] = f"one of {', '.join(_CHOICES[name])} is needed"
        else:
            reasons[name] = "there is no such setting"
    return reasons


def show() -> TrainConfig | None:
    """Show the widgets; return the config that they describe, or None with a message if it makes no sense."""
    _show_url_note()
    _keep_settings()
    above = st.container()
    with st.expander("More settings", icon=":material/tune:"):
        recipe = st.segmented_control(
            "Recipe",
            RECIPES,
            default="plain",
            required=True,
            key="recipe",
            bind="query-params",
            on_change=_set_recipes_own,
            help="plain: the notebook's. augmented, for drawings: MNIST's images varied as other hands and pens might "
            "have written them, and some things that are no digits; the weights are averaged. It takes far longer.",
        )
        own = TrainConfig.of_recipe(recipe)
        left, middle, right = st.columns(3)
    slider, epochs = above.columns([2, 1], gap="medium", vertical_alignment="bottom")
    with slider:
        drop_prob = st.slider(
            "drop_prob",
            *_RANGES["drop_prob"],
            own.drop_prob,
            step=0.05,
            key="drop_prob",
            bind="query-params",
            help="The dropout paper's p is the opposite: the probability to *keep* a unit.",
        )
    with epochs:
        number_of_epochs = _number_input("Epochs", own, "epochs", "Passes over the training images.")
    above.caption(
        "In every training step each hidden unit is left out with probability `drop_prob`, and the others make up "
        "for it. So no unit can rely on particular other ones, and the network learns its images less by heart."
    )
    with left:
        learning_rate = _number_input(
            "Learning rate", own, "learning_rate", "Adam's step size.", step=0.0005, format="%g"
        )
        train_size = _number_input(
            "Training images",
            own,
            "train_size",
            "Train on so many images, drawn at random. With few of them dropout matters more.",
            step=1_000,
            placeholder="all",
        )
    with middle:
        batch_size = _number_input(
            "Batch size", own, "batch_size", "Images in each training step; an incomplete last batch is dropped."
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
            "Seed", own, "seed", "Decides initial weights, order of the images and masks: same seed, same result."
        )
        st.caption("All settings are part of the page's address: copy it to share them.")
    try:
        return TrainConfig(
            recipe=recipe,
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


def _number_input(label: str, own: TrainConfig, name: str, help_text: str, **options: Any) -> Any:
    return st.number_input(
        label, *_RANGES[name], getattr(own, name), key=name, bind="query-params", help=help_text, **options
    )


def _set_recipes_own() -> None:
    """Set what the recipes differ in."""
    recipes = {recipe: TrainConfig.of_recipe(recipe) for recipe in RECIPES}
    for name in _RANGES:
        if len({getattr(config, name) for config in recipes.values()}) > 1:
            st.session_state[name] = getattr(recipes[st.session_state["recipe"]], name)


def _show_url_note() -> None:
    if "url_note" not in st.session_state:
        parameters = st.query_params.to_dict()
        reasons = find_nonsense(parameters)
        st.session_state["url_note"] = "; ".join(
            f"{plain(f'{name}={parameters[name]}'[:60])} ({reason})" for name, reason in reasons.items()
        )
        if bad := reasons.keys() & {*_RANGES, *_CHOICES}:
            # Left to the widgets, 2.5 epochs would be 2 and infinitely many an exception.
            for name in bad:
                del st.query_params[name]
            st.rerun()
    if note := st.session_state["url_note"]:
        st.warning(f"Ignored in the page's address: {note}", icon=":material/link_off:")


def _keep_settings() -> None:
    """Keep the session's settings on the browser's way back to the page.

    Streamlit leaves an address without settings behind when another page is opened. When the browser goes back there,
    it takes that for the wish to have the defaults, and goes by the session only on other ways to the page.
    """
    context = get_script_run_ctx()
    if context is not None and not st.query_params:
        context.is_history_navigation = False


def _is_between(text: str, low: float, high: float) -> bool:
    try:
        return low <= type(low)(text) <= high
    except ValueError:
        return False
