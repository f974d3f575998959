"""As code: the current settings as a training script in plain PyTorch, and as a command."""

import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.export.script import write_command, write_script
from dropout_mnist.ui.language import translate as _


def show_button(config: TrainConfig) -> None:
    """Show a button that opens a dialog with these settings as code."""
    if st.button(_("As code"), type="tertiary", icon=":material/code:", key="as_code"):
        # The title depends on the visitor's language.
        st.dialog(_("This training run as code"), width="large", icon=":material/code:")(_show_code)(config)


def _show_code(config: TrainConfig) -> None:
    if config.recipe == "plain":
        st.markdown(
            _(
                "The script needs PyTorch and torchvision. It uses the same images, in the same order, from the same "
                "initial weights; only dropout masks and rounding differ."
            )
        )
        script = write_script(config)
        st.download_button(
            _("Download"),
            script,
            file_name=f"{config.name}.py",
            mime="text/x-python",
            icon=":material/download:",
            on_click="ignore",
        )
        st.code(script, language="python", height=420)
    else:
        st.info(
            _(
                "The augmented recipe does not fit into a short script: it also varies the images, mixes in "
                "non-digits, averages the weights and calibrates the probabilities."
            ),
            icon=":material/info:",
        )
    st.markdown(_("The same run on the command line, where this project is installed:"))
    st.code(write_command(config), language="shell", wrap_lines=True)
