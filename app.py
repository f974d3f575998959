"""The entry point of the page: `streamlit run app.py`."""

import streamlit as st

from dropout_mnist.ui import header, navigation
from dropout_mnist.ui.lab import page as lab
from dropout_mnist.ui.playground import page as playground

st.set_page_config(page_title="Dropout on MNIST", page_icon="✏️", layout="wide")
pages = [navigation.PLAYGROUND.for_navigation(playground.show), navigation.LAB.for_navigation(lab.show)]
page = st.navigation(pages, position="hidden")
header.show(page)
page.run()
