"""Who is visiting: nobody in particular, but the same one after a reload and in every tab of a browser."""

import uuid

import streamlit as st

from dropout_mnist.ui.resources import training_queue

_KEY = "visitor"
_WIDGET_KEY = "visitor_widget"

# The browser remembers a random name. crypto.randomUUID would need https.
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
        } catch {}  // storage is forbidden: then the session alone knows its visitor
        setStateValue("name", name);
    }
    """,
)


def visitor() -> str:
    """Return the visitor's name: the browser's, once it has told, and the session's until then."""
    name: str = st.session_state.setdefault(_KEY, str(uuid.uuid4()))
    return name


def ask_browser() -> None:
    """Let the browser tell its visitor's name; what was asked for under the session's name is the browser's then."""
    name = _remember(key=_WIDGET_KEY, default={"name": None}, on_name_change=lambda: None, height="content").get("name")
    if isinstance(name, str) and 0 < len(name) <= 64 and name != visitor():
        training_queue().hand_over(visitor(), name)
        st.session_state[_KEY] = name
