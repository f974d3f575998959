"""Ask before a long run is queued: others wait for it."""

from collections.abc import Sequence

import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui.format import rough_duration
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground import runs
from dropout_mnist.ui.playground.estimate import estimate_seconds
from dropout_mnist.ui.playground.results import belongs
from dropout_mnist.ui.resources import training_queue

# The configs of the runs that were asked for and are not confirmed yet, and an estimate of their time in seconds.
_KEY = "unconfirmed_runs"


def submit(configs: Sequence[TrainConfig]) -> None:
    """Queue runs for this visitor, or ask first if they take long."""
    seconds = estimate_seconds(configs)
    if seconds is not None and seconds > 60 * training_queue().limits.confirm_minutes:
        st.session_state[_KEY] = (configs, seconds)
    else:
        st.session_state.pop(_KEY, None)
        runs.submit(configs)


def show(config: TrainConfig) -> None:
    """Show the question, if there is one, until the visitor answers it or chooses other settings.

    Args:
        config: the page's settings.
    """
    configs, seconds = st.session_state.get(_KEY, ((), 0.0))
    if not configs or not all(belongs(asked, config) for asked in configs):
        st.session_state.pop(_KEY, None)
        return
    with st.container(border=True, key="confirm"):
        st.markdown(
            _(
                "This takes about **{time}** on this server. Shorter runs of others go first meanwhile. Train anyway?",
                time=rough_duration(seconds),
            )
        )
        with st.container(horizontal=True):
            st.button(_("Train anyway"), key="confirm_train", type="primary", on_click=_confirm)
            st.button(_("Cancel"), key="confirm_cancel", on_click=_forget)


def _confirm() -> None:
    configs, _seconds = st.session_state.pop(_KEY)
    runs.submit(configs)


def _forget() -> None:
    st.session_state.pop(_KEY, None)
