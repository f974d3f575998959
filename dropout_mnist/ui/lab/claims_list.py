"""Claims about dropout, each with its source, what was predicted here and what was measured."""

import streamlit as st

from dropout_mnist.experiments.claims import CLAIMS, Claim
from dropout_mnist.ui.lab import catalog, links
from dropout_mnist.ui.language import translate as _


def show() -> None:
    """Show all claims, folded up."""
    st.subheader(_("{count} claims about dropout", count=len(CLAIMS)), divider="gray", anchor=False)
    st.caption(
        _(
            "From papers and tutorials. Predictions were written down before the measurements, and stay as they are "
            "where they failed."
        )
    )
    with st.container(key="claims", gap="xsmall"):
        for claim in CLAIMS:
            with st.expander(claim.text):
                _show(claim)


def _show(claim: Claim) -> None:
    st.markdown(_("**Source**: {source}. {reported}", source=claim.source, reported=_sentence(claim.reported)))
    if claim.prediction is not None:
        st.markdown(_("**Predicted before it was measured**: {prediction}", prediction=claim.prediction))
    experiment = catalog.find_by_claim(claim.key)
    verdict = experiment.verdict() if experiment is not None else None
    if verdict is None:
        st.markdown(_("Not measured here yet."))
    else:
        st.markdown(_("**Measured**: {verdict}", verdict=verdict.text))
    if experiment is not None:
        links.to(experiment, _("Experiment: {title}", title=_(experiment.title)), ":material/science:")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
