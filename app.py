"""The page's entry: `streamlit run app.py`."""

import streamlit as st

from dropout_mnist.ui import dropout_lab, playground

st.set_page_config(page_title="Dropout on MNIST", page_icon="✏️", layout="wide")
pages = [
    st.Page(playground.show, title="Playground", icon=":material/draw:"),
    st.Page(dropout_lab.show, title="Dropout lab", icon=":material/science:", url_path="lab"),
]
st.navigation(pages, position="top").run()
