"""Who is visiting: nobody in particular, but the same one after a reload and in every tab of a browser."""

import uuid

import streamlit as st

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
    """Return the visitor's name: the browser's, once it has told, else the session's."""
    name = _remember(key=_WIDGET_KEY, default={"name": None}, on_name_change=lambda: None, height="content").get("name")
    if isinstance(name, str) and 0 < len(name) <= 64:
        return name
    own: str = st.session_state.setdefault(_KEY, str(uuid.uuid4()))
    return own
