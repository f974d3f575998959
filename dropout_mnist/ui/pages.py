"""The pages, for the navigation and for the links from one to the other."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dropout_mnist.ui.lab import page as lab
from dropout_mnist.ui.playground import page as playground


def playground_page() -> StreamlitPage:
    """Return the Playground, where everybody arrives."""
    return st.Page(playground.show, title="Playground", icon=":material/draw:", default=True)


def lab_page() -> StreamlitPage:
    """Return the Dropout lab."""
    return st.Page(lab.show, title="Dropout lab", icon=":material/science:", url_path="lab")
