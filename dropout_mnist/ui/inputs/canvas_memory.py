"""Keep the drawing in the browser's tab, so that it survives a reload of the page.

The browser keeps it in `sessionStorage`: only this tab can read it, and it is gone when the tab is closed. The server
keeps nothing.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

_KEY = "canvas_memory"

_memory = st.components.v2.component(
    "dropout_mnist.canvas_memory",
    js="""
    const KEY = "dropout_mnist_drawing";
    // In characters. Browsers give a site a few millions.
    const LARGEST = 1_000_000;

    export default ({data, parentElement, setTriggerValue}) => {
        const isFirst = !parentElement.asked;
        parentElement.asked = true;
        try {
            if (data.isNew) {
                const stored = isFirst && sessionStorage.getItem(KEY);
                if (stored) setTriggerValue("stored", JSON.parse(stored));
                return;
            }
            const text = JSON.stringify(data.strokes);
            if (data.strokes.length && text.length <= LARGEST) sessionStorage.setItem(KEY, text);
            else sessionStorage.removeItem(KEY);
        } catch {}  // storage is blocked or full: the drawing lasts until the page is left
    }
    """,
)


def show(strokes: list[dict[str, Any]], is_new: bool, restore: Callable[[object], None]) -> None:
    """Keep the strokes, or ask the browser for those it kept.

    Args:
        strokes: of the drawing, as the canvas reports them.
        is_new: whether the session has no drawing yet; then the browser is asked.
        restore: called with what the browser kept, before the next run. A browser can send anything.
    """
    _memory(
        key=_KEY,
        data={"strokes": strokes, "isNew": is_new},
        on_stored_change=lambda: restore(st.session_state[_KEY]["stored"]),
    )
