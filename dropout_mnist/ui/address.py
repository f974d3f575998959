"""Carry what is seen in the page's address, in addition to the training settings, whose widgets Streamlit binds to it.

Streamlit binds a widget by its label in the visitor's language, and drops the parameters of a page when another one is
opened. So these parameters are language-independent, and the session keeps them for the links between its pages.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

# The parameters of each page, by its `url_path`.
EXPERIMENT = "experiment"
PARAMETERS: dict[str, tuple[str, ...]] = {
    "playground": ("model", "compare", "input", "image"),
    "lab": (EXPERIMENT,),
}

_ADOPTED_KEY, _PUBLISHED_KEY = "adopted_parameters", "published_parameters"


def adopt(name: str, part: str = "") -> str | None:
    """Return what the address asks for when the session meets it: at its start, or on going back or forward.

    Args:
        name: of the parameter.
        part: of the page; parts may have parameters of the same name.
    """
    adopted: set[tuple[str, str]] = st.session_state.setdefault(_ADOPTED_KEY, set())
    context = get_script_run_ctx()
    if (part, name) in adopted and not (context and context.is_history_navigation):
        return None
    adopted.add((part, name))
    return st.query_params.get(name)


def publish(name: str, value: str | None) -> None:
    """Put a value into the address; None, for what is seen by default, removes it."""
    published: dict[str, str] = st.session_state.setdefault(_PUBLISHED_KEY, {})
    if value is None:
        published.pop(name, None)
        st.query_params.pop(name, None)
        return
    published[name] = value
    if st.query_params.get(name) != value:
        st.query_params[name] = value


def of_page(url_path: str) -> dict[str, str]:
    """Return the parameters of a page in this session, for a link to it."""
    published: dict[str, str] = st.session_state.get(_PUBLISHED_KEY, {})
    return {name: published[name] for name in PARAMETERS[url_path] if name in published}
