"""Claims about dropout, each with its source, what was predicted here, what was measured, and the verdict."""

from contextlib import suppress

import streamlit as st

from dropout_mnist.experiments.claims import CLAIMS, Claim
from dropout_mnist.experiments.finding import Finding
from dropout_mnist.experiments.findings import find
from dropout_mnist.experiments.results import ResultsError
from dropout_mnist.messages.message import Message
from dropout_mnist.ui.lab import catalog, links, measurements
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _


def show() -> None:
    """Show all claims with their verdicts, folded up."""
    findings = _find_all(measurements.stamp())
    st.subheader(_("{count} claims about dropout", count=len(CLAIMS)), divider="gray", anchor=False)
    st.caption(
        _(
            "From papers and tutorials. Predictions were written down before the measurements, and stay as they are "
            "where they failed."
        )
    )
    with st.container(key="claims", gap="xsmall"):
        for claim in CLAIMS:
            finding = findings[claim.key]
            verdict = localize(finding.verdict) if finding is not None else _("not measured yet")
            with st.expander(f"{localize(claim.text)} **{verdict}**"):
                _show(claim, finding)


def _show(claim: Claim, finding: Finding | None) -> None:
    st.markdown(
        _("**Source**: {source}. {reported}", source=localize(claim.source), reported=_sentence(claim.reported))
    )
    if claim.prediction is not None:
        st.markdown(_("**Predicted before it was measured**: {prediction}", prediction=localize(claim.prediction)))
    if finding is not None:
        st.markdown(_("**Measured**: {finding}", finding=_sentence(finding.measured)))
        if finding.came_true is not None:
            st.markdown(_("The prediction came true.") if finding.came_true else _("The prediction **failed**."))
    experiment = catalog.find_by_claim(claim.key)
    if experiment is not None:
        links.to(experiment, _("Experiment: {title}", title=_(experiment.title)), ":material/science:")


@st.cache_data(show_spinner=False, max_entries=4)
def _find_all(stamp: tuple[tuple[str, int], ...]) -> dict[str, Finding | None]:
    findings: dict[str, Finding | None] = {}
    for claim in CLAIMS:
        findings[claim.key] = None
        # The experiment explains a damaged table.
        with suppress(ResultsError):
            findings[claim.key] = find(claim.key)
    return findings


def _sentence(message: Message) -> str:
    text = localize(message)
    return f"{text[0].upper()}{text[1:]}."
