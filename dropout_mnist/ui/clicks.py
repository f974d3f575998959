"""Let a click on a button count although the page changes between press and release.

To press a button is to leave a text field, whose new value changes the page while the mouse is still down: the button
moves, or Streamlit replaces it by one of another type. Then the browser sends no click to it.
"""

import streamlit as st

_run = st.components.v2.component(
    "dropout_mnist.clicks",
    js="""
    // In pixels; whoever moves the mouse farther has thought better of it.
    const STILL = 5;

    const isVisible = element => element.offsetParent !== null;

    // The button itself, or the only one that has come in its place.
    const findAgain = ({button, key}) => {
        if (button.isConnected) return button;
        const buttons = [...document.querySelectorAll(`.${CSS.escape(key)} button`)].filter(isVisible);
        return buttons.length === 1 ? buttons[0] : null;
    };

    export default ({parentElement}) => {
        parentElement.stop?.abort();
        const stop = parentElement.stop = new AbortController();
        const listen = (type, handle) => document.addEventListener(type, handle, {capture: true, signal: stop.signal});

        let press = null;  // not clicked yet
        listen("pointerdown", ({target, pointerType, button: number, clientX, clientY}) => {
            const button = target.closest?.(".stButton button");
            const names = button?.closest("[class*=st-key-]")?.classList ?? [];
            const key = [...names].find(name => name.startsWith("st-key-"));
            press = pointerType === "mouse" && number === 0 && key ? {button, key, clientX, clientY} : null;
        });
        listen("click", ({target}) => { if (press?.button.contains(target)) press = null; });
        listen("pointerup", ({clientX, clientY}) => {
            const released = press;
            if (!released || Math.hypot(clientX - released.clientX, clientY - released.clientY) > STILL) return;
            // The browser's own click, if there is one, comes first.
            setTimeout(() => {
                if (press !== released) return;
                press = null;
                const button = findAgain(released);
                if (button && !button.disabled) button.click();
            });
        });
        return () => stop.abort();
    }
    """,
)

_STYLE = """<style>
.st-key-clicks { position: absolute; width: 0; }
</style>"""


def watch() -> None:
    """Watch the clicks on this page."""
    st.html(_STYLE)
    _run(key="clicks")
