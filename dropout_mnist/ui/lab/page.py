"""The Dropout lab page: the list of experiments, or one of them, by the page's address."""

import streamlit as st

from dropout_mnist.ui import address
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.language import translate as _

# The key of the experiment that was shown last, None for the list.
_SHOWN_KEY = "lab_shown"
# Of what stands for the page until it is there, in pixels.
_SKELETON_HEIGHT = 480


def show() -> None:
    """Show the page."""
    # Lazy: these import torch, which takes seconds on a new server.
    with st.spinner(_("Opening the lab …")), st.skeleton(height=_SKELETON_HEIGHT):
        from dropout_mnist.ui.lab import catalog, overview, screen

    asked = st.query_params.get(address.EXPERIMENT)
    experiment = catalog.find(asked)
    _update_address(experiment.key if experiment else None)
    if experiment is not None:
        screen.show(experiment)
        return
    if asked is not None:
        st.warning(_("There is no experiment {name}.", name=plain(asked[:60])), icon=":material/link_off:")
    overview.show()


def _update_address(key: str | None) -> None:
    """Put the experiment into the address: after a link within a page, Streamlit leaves the browser's as it was."""
    address.publish(address.EXPERIMENT, key)
    if st.session_state.get(_SHOWN_KEY, key) != key:
        st.query_params.from_dict(st.query_params.to_dict())
    st.session_state[_SHOWN_KEY] = key
