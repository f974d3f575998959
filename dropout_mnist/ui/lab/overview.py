"""The lab's first screen: all questions with their verdicts in one line."""

import streamlit as st

from dropout_mnist.ui.lab import catalog, claims_list, links, predictions
from dropout_mnist.ui.lab.experiment import Experiment, Outcome, Verdict
from dropout_mnist.ui.lab.verdicts import verdict_of
from dropout_mnist.ui.language import translate as _

_STYLE = """<style>
[class*="st-key-question_"] { gap: 0; }
[class*="st-key-question_"] a { padding-left: 0; background: none; }
[class*="st-key-question_"] p { font-weight: 600; white-space: normal; }
[class*="st-key-question_"] [data-testid="stCaptionContainer"] p { font-weight: 400; }
</style>"""

_ICONS = {
    Outcome.HOLDS: ":material/check_circle:",
    Outcome.ONLY_WHEN: ":material/rule:",
    Outcome.NOT_HERE: ":material/cancel:",
}


def show() -> None:
    """Show the list."""
    st.html(_STYLE)
    st.header(_("Dropout lab"), anchor=False)
    st.markdown(
        _(
            "Questions about dropout: predict the answer, see what was measured, try it yourself. `drop_prob` is the "
            "probability to *drop* a unit. In the papers, *p* is the probability to *keep* it: their *p* = 0.8 is "
            "`drop_prob` 0.2 here."
        )
    )
    _show_progress()
    for title, experiments in catalog.GROUPS.items():
        st.subheader(_(title), divider="gray")
        for experiment in experiments:
            _show_question(experiment)
    claims_list.show()


def outcome_badge(verdict: Verdict) -> str:
    """Return a verdict's outcome with its icon, in Markdown."""
    return f"{_ICONS[verdict.outcome]} **{_(verdict.outcome)}**"


def _show_progress() -> None:
    done, total = len(predictions.answered()), len(catalog.EXPERIMENTS)
    st.progress(done / total, _("{done} of {total} experiments answered", done=done, total=total))


def _show_question(experiment: Experiment) -> None:
    number, title = catalog.EXPERIMENTS.index(experiment) + 1, _(experiment.title)
    done = experiment.key in predictions.answered()
    with st.container(key=f"question_{experiment.key}"):
        links.to(
            experiment,
            f"{number}. {title}{' ' if title.endswith('?') else ': '}{_(experiment.question)}",
            icon=":material/check:" if done else ":material/science:",
        )
        verdict = verdict_of(experiment)
        if verdict is None:
            st.caption(_("Not measured here yet."))
        elif done:
            st.caption(f"{outcome_badge(verdict)} {verdict.text}")
        else:
            st.caption(outcome_badge(verdict))
