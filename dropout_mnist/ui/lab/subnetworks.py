"""Section 1: thinned networks, which the live panel on the Playground shows."""

import streamlit as st

from dropout_mnist.ui import navigation
from dropout_mnist.ui.language import translate as _


def show() -> None:
    """Show the section."""
    st.markdown(
        _(
            "**In every training step, dropout trains a different, smaller network:** the units that remain when each "
            "hidden unit is dropped with probability `drop_prob`. Draw a digit on the Playground and switch *Dropout* "
            "on: each new mask drops other units, yet the answer mostly stays the same."
        )
    )
    navigation.PLAYGROUND.link(_("See thinned networks answer your drawing"))
    st.markdown(
        _(
            "In **train()** mode, dropout draws such a mask for each image in each step and scales the kept units by "
            "1/(1 - `drop_prob`), which preserves the expected input of the next layer. In **eval()** mode it drops "
            "and scales nothing: the full network answers. (Running statistics belong to batch normalization, "
            "which this network does not use.)"
        )
    )
    st.caption("Srivastava et al., “Dropout”, JMLR 15 (2014), sections 1 and 4 and figure 1.")
