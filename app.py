"""The entry point of the page: `streamlit run app.py`."""

import streamlit as st

from dropout_mnist.server.environment import check_environment
from dropout_mnist.ui import header, navigation
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.lab import page as lab
from dropout_mnist.ui.playground import page as playground

st.set_page_config(page_title="Dropout on MNIST", page_icon="✏️", layout="wide")
try:
    check_environment()
except ValueError as error:
    st.error(f"{plain(error)}.", icon=":material/error:")
    st.stop()
pages = [navigation.PLAYGROUND.for_navigation(playground.show), navigation.LAB.for_navigation(lab.show)]
page = st.navigation(pages, position="hidden")
header.show(page)
page.run()
header.run_scripts()
