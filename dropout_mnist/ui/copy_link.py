"""A button that copies the page's address."""

import streamlit as st

from dropout_mnist.ui.language import translate as _

_button = st.components.v2.component(
    "dropout_mnist.copy_link",
    html="""
    <button type="button">
        <svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="2"
            stroke-linecap="round" aria-hidden="true">
            <path d="M10 14a5 5 0 0 0 7 0l3-3a5 5 0 0 0-7-7l-1 1"/>
            <path d="M14 10a5 5 0 0 0-7 0l-3 3a5 5 0 0 0 7 7l1-1"/>
        </svg>
        <span></span>
    </button>
    <input type="text" readonly hidden>
    <span class="status" role="status"></span>
    """,
    css="""
    :host { position: relative; }
    button {
        display: inline-flex; align-items: center; gap: 0.5rem; height: 2.5rem; padding: 0 0.75rem; white-space: nowrap;
        font: inherit; font-size: 0.875rem; color: inherit; background: transparent; cursor: pointer;
        border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
    }
    /* Its name arrives a moment later. */
    button:has(span:empty) { visibility: hidden; }
    button:hover, button:focus-visible { color: var(--st-primary-color); border-color: currentColor; }
    input {
        position: absolute; z-index: 1; top: 100%; right: 0; width: min(30rem, 90vw); padding: 0.5rem; font: inherit;
        color: var(--st-text-color); background: var(--st-background-color); border: 1px solid currentColor;
        border-radius: var(--st-button-radius);
    }
    .status { position: absolute; clip-path: inset(50%); }
    @media (max-width: 640px) {
        button { padding: 0; width: 2.5rem; justify-content: center; }
        button span { position: absolute; clip-path: inset(50%); }
    }
    """,
    js="""
    const SECONDS = 3;

    export default ({data, parentElement}) => {
        const [button, input] = ["button", "input"].map(name => parentElement.querySelector(name));
        const [label, status] = ["button span", ".status"].map(name => parentElement.querySelector(name));
        label.textContent = data.label;
        input.ariaLabel = data.address;
        button.onclick = async () => {
            const address = location.href;
            try {
                // Browsers offer it to pages on https and localhost only, and visitors can refuse it.
                await navigator.clipboard.writeText(address);
                label.textContent = status.textContent = data.copied;
                setTimeout(() => { label.textContent = data.label; status.textContent = ""; }, SECONDS * 1000);
            } catch {
                input.value = address;
                input.hidden = false;
                input.select();
            }
        };
        input.onblur = () => { input.hidden = true; };
    }
    """,
)


def show() -> None:
    """Show the button. Where the browser refuses to copy, it shows the address, selected."""
    texts = {"label": _("Copy link"), "copied": _("Copied"), "address": _("The address of this page")}
    _button(key="copy_link", data=texts, width="content", height="content")
