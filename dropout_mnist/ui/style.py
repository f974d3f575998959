"""Corrections of Streamlit's style, for every page and every width."""

import streamlit as st

from dropout_mnist.ui.language import language

# Captions are at 60%, which gives 4.2:1 on white; WCAG asks for 4.5:1. On dark, the text of primary buttons
# is white on light blue, 2.3:1.
_STYLE = """<style>
[data-testid="stCaptionContainer"] { opacity: 0.8; }
[data-testid="stBaseButton-primary"]:enabled { color: light-dark(#ffffff, #10151d); }

[data-testid="stPageLink"] p { white-space: normal; }

/* The tabs stay next to each other, on a phone without their icons. */
.st-key-header, .st-key-tabs { flex-wrap: nowrap; }
.st-key-tabs a { height: 2.75rem; background: none; border-radius: 0; }
.st-key-tabs p { white-space: nowrap; }
.st-key-current_tab a { color: inherit; box-shadow: inset 0 -3px; }

@media (max-width: 640px) {
    [data-testid="stMain"] [data-testid="stVerticalBlock"] { gap: 0.5rem; }
    .st-key-header { gap: 0.25rem; }
    .st-key-tabs a > :has([data-testid="stIconMaterial"]) { display: none; }
    .st-key-view_menu p { position: absolute; width: 1px; overflow: hidden; clip-path: inset(50%); }
}
</style>"""

# Streamlit measures in rem: this enlarges everything but charts and pictures.
_PRESENTATION_STYLE = """<style>
html { font-size: clamp(16px, 1.25vw, 32px) !important; --canvas-size: min(27rem, 60svh); }
@media (min-width: 641px) {
    [data-testid="stHorizontalBlock"]:has(> * :is(.st-key-canvas, .st-key-input)) { flex-wrap: nowrap; }
    [data-testid="stColumn"]:has(:is(.st-key-canvas, .st-key-input)) { flex: 0 0 var(--canvas-size); }
}
</style>"""


# Browsers break Korean lines within words, unlike Korean typesetters.
_KOREAN_STYLE = """<style>
[data-testid="stMain"] :is(p, li, h1, h2, h3) { word-break: keep-all; overflow-wrap: anywhere; }
</style>"""


def apply(presentation: bool) -> None:
    """Apply the style to the page, in the view for a projector or in the usual one, for the visitor's language."""
    st.html(_STYLE)
    if language() == "ko":
        st.html(_KOREAN_STYLE)
    if presentation:
        st.html(_PRESENTATION_STYLE)
