"""The page's entry: `streamlit run app.py`."""

import streamlit as st

from dropout_mnist.ui import playground

st.set_page_config(page_title="Dropout on MNIST", page_icon="✏️", layout="wide")
st.navigation([st.Page(playground.show, title="Playground", icon=":material/draw:")]).run()
