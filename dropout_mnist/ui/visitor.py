"""Recognize a visitor after a reload and in other tabs of the same browser, by a random name; note who is here."""

import uuid

import streamlit as st

from dropout_mnist.server.presence import Presence
from dropout_mnist.ui.resources import training_queue

_KEY = "visitor"
_WIDGET_KEY = "visitor_widget"

# The browser stores the name. crypto.randomUUID would need https.
_remember = st.components.v2.component(
    "dropout_mnist.visitor",
    js="""
    export default ({setStateValue}) => {
        let name = null;
        try {
            name = localStorage.getItem("dropout_mnist_visitor");
            if (!name) {
                name = Array.from(crypto.getRandomValues(new Uint32Array(4)), part => part.toString(36)).join("-");
                localStorage.setItem("dropout_mnist_visitor", name);
            }
        } catch {}  // storage is blocked: the session keeps its own name
        setStateValue("name", name);
    }
    """,
)


def visitor() -> str:
    """Return the visitor's name: the browser's once it is known, and until then the session's."""
    name: str = st.session_state.setdefault(_KEY, str(uuid.uuid4()))
    return name


def ask_browser() -> None:
    """Ask the browser for its visitor's name, and give the runs of the session's name to it."""
    name = _remember(key=_WIDGET_KEY, default={"name": None}, on_name_change=lambda: None, height="content").get("name")
    if isinstance(name, str) and 0 < len(name) <= 64 and name != visitor():
        training_queue().hand_over(visitor(), name)
        st.session_state[_KEY] = name
    _note_presence(visitor())


def _note_absence(visit: tuple[Presence, str]) -> None:
    presence, name = visit
    presence.leave(name)


@st.cache_resource(scope="session", on_release=_note_absence, show_spinner=False)
def _note_presence(name: str) -> tuple[Presence, str]:
    """Note that the visitor is here, once per session; Streamlit releases the entry when the page is closed."""
    presence = training_queue().presence
    presence.arrive(name)
    return presence, name
