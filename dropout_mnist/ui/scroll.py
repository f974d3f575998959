"""Scroll the page to an element after a click elsewhere has changed it."""

import streamlit as st

_REQUEST_KEY = "scroll_request"

_run = st.components.v2.component(
    "dropout_mnist.scroll",
    js="""
    export default ({data}) => {
        if (!data.count || window.dropoutMnistScrolls === data.count) return;
        window.dropoutMnistScrolls = data.count;  // also when the page is left and comes back
        const element = document.querySelector(`.st-key-${data.key}`);
        element.style.scrollMarginTop = "4rem";  // the header floats over the page
        element.scrollIntoView({block: "start"});
        // The keyboard continues from there.
        element.tabIndex = -1;
        element.focus({preventScroll: true});
    }
    """,
)


def request(key: str) -> None:
    """Scroll to the element with this key, and move the focus there, after the next run of the page."""
    count, _ = st.session_state.get(_REQUEST_KEY, (0, ""))
    st.session_state[_REQUEST_KEY] = (count + 1, key)


def show() -> None:
    """Carry out the latest request, once; call it where the page shows the elements that are scrolled to."""
    count, key = st.session_state.get(_REQUEST_KEY, (0, ""))
    _run(key="scroll", data={"count": count, "key": key}, height="content")
