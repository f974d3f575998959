"""The hyperparameters as widgets, which the URL can set: `?drop_prob=0.5&epochs=5`.

Labels, ranges, defaults and help texts come from the declarations in `TrainConfig`.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dropout_mnist.config import RECIPES, SETTINGS, TrainConfig
from dropout_mnist.setting import Choice, Integer, Number, Sizes
from dropout_mnist.ui import address, header
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground.presets import PRESETS, find_preset

# The settings on the page. How a run is computed is the server's business.
SHOWN = tuple(name for name, setting in SETTINGS.items() if setting.changes_result)
# These have places of their own; the others follow in columns.
_PLACED = ("recipe", "drop_prob", "epochs")
_COLUMNS = 3
_PRESET_KEY = "preset"


def find_invalid(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return each parameter of a URL that cannot be used, with the reason in words."""
    reasons = {}
    for name, text in parameters.items():
        if name in (*header.PARAMETERS, *address.PARAMETERS["playground"]):
            continue
        if name not in SHOWN:
            reasons[name] = _("there is no such setting")
            continue
        try:
            SETTINGS[name].parse(name, text)
        except ValueError:
            reasons[name] = _("must be {allowed}", allowed=localize(SETTINGS[name].allowed))
    return reasons


def show() -> TrainConfig | None:
    """Show the widgets; return the config that they describe, or None with a message if it is invalid."""
    _show_url_note()
    _keep_settings()
    presets, above = st.container(), st.container()
    values = {}
    with st.expander(_("More settings"), icon=":material/tune:"):
        recipe = values["recipe"] = _show_recipe()
        columns = st.columns(_COLUMNS)
        for place, name in enumerate(name for name in SHOWN if name not in _PLACED):
            with columns[place % _COLUMNS]:
                values[name] = _show_widget(name, recipe)
        st.caption(_("All settings are part of the page's address: copy it to share them."))
    slider, epochs = above.columns([2, 1], gap="medium", vertical_alignment="bottom")
    with slider:
        values["drop_prob"] = round(_show_widget("drop_prob", recipe), 6)
    with epochs:
        values["epochs"] = _show_widget("epochs", recipe)
    above.caption(
        _(
            "In every training step each hidden unit is dropped with probability `drop_prob`, and the rest are scaled "
            "up. So no unit can rely on particular other units, and the network memorizes the training images less."
        )
    )
    config = None
    try:
        config = TrainConfig(**{name: _from_widget(name, value, recipe) for name, value in values.items()})
    except ValueError as error:
        st.error(_("These settings cannot be used: {reason}.", reason=plain(error)), icon=":material/error:")
    with presets:
        _show_presets(config)
    return config


def _show_presets(config: TrainConfig | None) -> None:
    """Show the ready experiments; the one that the settings belong to is marked."""
    chosen = find_preset(config)
    st.session_state[_PRESET_KEY] = chosen
    st.pills(
        _("Ready experiments"),
        list(PRESETS),
        format_func=lambda name: PRESETS[name].label(),
        key=_PRESET_KEY,
        on_change=_set_preset,
        label_visibility="collapsed",
    )
    if chosen is not None:
        st.caption(PRESETS[chosen].question())


def _set_preset() -> None:
    """Set all settings to those of the ready experiment that was chosen."""
    if (name := st.session_state[_PRESET_KEY]) is None:
        return
    for setting in SHOWN:
        st.session_state[setting] = _to_widget(setting, getattr(PRESETS[name].config, setting))


def _show_recipe() -> str:
    setting = SETTINGS["recipe"]
    return st.segmented_control(
        _(setting.label),
        RECIPES,
        default=setting.default,
        required=True,
        key="recipe",
        bind="query-params",
        on_change=_set_recipe_defaults,
        help=_(setting.help),
    )


def _show_widget(name: str, recipe: str) -> Any:
    setting = SETTINGS[name]
    default = setting.default_for(recipe)
    common: dict[str, Any] = {"key": name, "bind": "query-params", "help": _(setting.help)}
    match setting:
        case Number(step=step) if name == "drop_prob":
            return st.slider(_(setting.label), setting.low, setting.high, default, step=step, **common)
        case Choice(options=options):
            return st.selectbox(_(setting.label), options, **common)
        case Number() | Integer() | Sizes():
            # A number field of a browser drops a decimal comma: 0,005 would be 5, and a whole number of 2.5 would be 2.
            text = setting.format(default)
            return st.text_input(_(setting.label), text, placeholder=text, **common)
    raise AssertionError(f"{name} has no widget")


def _from_widget(name: str, value: Any, recipe: str) -> Any:
    """Return what a widget's value stands for. Most are texts; an empty one stands for the default."""
    setting = SETTINGS[name]
    if not isinstance(value, str):
        return value
    return setting.parse(name, value) if value.strip() else setting.default_for(recipe)


def _to_widget(name: str, value: Any) -> Any:
    """Return a setting's value as its widget has it."""
    return value if name == "drop_prob" else SETTINGS[name].format(value)


def _set_recipe_defaults() -> None:
    """Set the settings that the recipes have different defaults for."""
    recipe = st.session_state["recipe"]
    for name in SHOWN:
        setting = SETTINGS[name]
        if name != "recipe" and setting.augmented is not None:
            st.session_state[name] = _to_widget(name, setting.default_for(recipe))


def _show_url_note() -> None:
    if "url_note" not in st.session_state:
        parameters = st.query_params.to_dict()
        reasons = find_invalid(parameters)
        st.session_state["url_note"] = "; ".join(
            f"{plain(f'{name}={parameters[name]}'[:60])} ({reason})" for name, reason in reasons.items()
        )
        if invalid := reasons.keys() & set(SHOWN):
            # Left to the widgets, 2.5 epochs would be 2 and infinitely many an exception.
            for name in invalid:
                del st.query_params[name]
            st.rerun()
    if note := st.session_state["url_note"]:
        st.warning(_("Ignored in the page's address: {note}", note=note), icon=":material/link_off:")


def _keep_settings() -> None:
    """Keep the session's settings when the browser goes back to the page.

    Streamlit leaves an address without settings behind when another page is opened. When the browser goes back there,
    Streamlit reads that address as a request for the defaults. On other ways to the page it keeps the session's values.
    """
    context = get_script_run_ctx()
    if context is not None and not set(SHOWN) & set(st.query_params):
        context.is_history_navigation = False
