"""The password of the server's owner unlocks stopping any visitor's run."""

import streamlit as st

from dropout_mnist.server.password import TooManyTriesError
from dropout_mnist.server.runs import Run
from dropout_mnist.ui import names
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.resources import owner_password, training_queue

_UNLOCKED_KEY, _MESSAGE_KEY = "owner_unlocked", "owner_message"


def show() -> None:
    """Show a button that opens the list of all runs, if the server has a password."""
    if owner_password() is None:
        return
    popover = st.popover(_("Stop any run"), icon=":material/admin_panel_settings:", key="owner", on_change="rerun")
    if not popover.open:
        return
    with popover:
        if st.session_state.get(_UNLOCKED_KEY):
            _show_runs()
            return
        st.text_input(
            _("Password of this server"), type="password", key="password", on_change=_unlock, autocomplete="off"
        )
        if message := st.session_state.pop(_MESSAGE_KEY, None):
            st.error(message, icon=":material/lock:")


def _show_runs() -> None:
    runs = training_queue().active_runs()
    if not runs:
        st.caption(_("There are no runs in the queue."))
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(_("Stop"), icon=":material/stop:", key=f"owner_stop_{run.id}", on_click=_stop, args=(run,))
            st.caption(names.network(run.config))


def _stop(run: Run) -> None:
    training_queue().stop_anyones(run.id)


def _unlock() -> None:
    password = owner_password()
    text, st.session_state["password"] = st.session_state["password"], ""
    try:
        if password is not None and text and password.accepts(text):
            st.session_state[_UNLOCKED_KEY] = True
        elif text:
            st.session_state[_MESSAGE_KEY] = _("This is not the password.")
    except TooManyTriesError as error:
        st.session_state[_MESSAGE_KEY] = _("Too many wrong passwords: try again in {seconds} s.", seconds=error.seconds)
