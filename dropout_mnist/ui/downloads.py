"""Download the model in use, as a checkpoint or for use without this program."""

from functools import partial

import streamlit as st

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import SUFFIX
from dropout_mnist.export.formats import FORMATS
from dropout_mnist.ui.language import translate as _


def show(checkpoint: Checkpoint) -> None:
    """Show a button for the weights, and one for each format that can be written here."""
    st.download_button(
        _("Download these weights"),
        data=checkpoint.to_bytes,
        file_name=checkpoint.name + SUFFIX,
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )
    st.caption(_("In Python, load the file with"))
    st.code(f'model = dropout_mnist.load("{checkpoint.name}{SUFFIX}")', language="python", wrap_lines=True)
    page = FORMATS["html"]
    st.download_button(
        _("Download as a page that works offline"),
        data=partial(page.write, checkpoint),
        file_name=checkpoint.name + page.suffix,
        mime=page.mime,
        icon=":material/draw:",
        on_click="ignore",
        width="stretch",
        key="export_html",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("Also as"), width="content")
        for name, format_ in FORMATS.items():
            if name != "html" and format_.is_available:
                st.download_button(
                    format_.title,
                    data=partial(format_.write, checkpoint),
                    file_name=checkpoint.name + format_.suffix,
                    mime=format_.mime,
                    on_click="ignore",
                    type="tertiary",
                    key=f"export_{name}",
                )
