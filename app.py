"""The page's entry: `streamlit run app.py`."""

import streamlit as st

from dropout_mnist.ui.pages import lab_page, playground_page

st.set_page_config(page_title="Dropout on MNIST", page_icon="✏️", layout="wide")
st.navigation([playground_page(), lab_page()], position="top").run()
