"""Tell the browser the page's language: screen readers pronounce it accordingly, and fonts are chosen for it."""

import streamlit as st

from dropout_mnist.ui.language import language

_run = st.components.v2.component(
    "dropout_mnist.page_language", js="export default ({data}) => { document.documentElement.lang = data.language; }"
)

_STYLE = """<style>
.st-key-page_language { position: absolute; width: 0; }
</style>"""


def tell() -> None:
    """Tell the browser the visitor's language."""
    st.html(_STYLE)
    _run(key="page_language", data={"language": language()})
