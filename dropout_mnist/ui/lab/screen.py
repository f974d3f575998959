"""An experiment on the screen: question, prediction, measurements, something to try, and the verdict."""

import streamlit as st

from dropout_mnist.export.script import write_command, write_script
from dropout_mnist.ui import scroll
from dropout_mnist.ui.lab import catalog, links, live_run, measurements, predictions
from dropout_mnist.ui.lab.controls import Controls
from dropout_mnist.ui.lab.experiment import Experiment, Screen
from dropout_mnist.ui.lab.overview import outcome_badge
from dropout_mnist.ui.lab.verdicts import verdict_of
from dropout_mnist.ui.language import translate as _

# Each poll draws the charts again, which takes time from the training.
POLL_SECONDS = 3.0

# Until the chart is there, a skeleton stands for it, and what follows waits: it would be pushed down.
_STYLE = """<style>
.st-key-lab_steps { flex-wrap: nowrap; justify-content: space-between; }
.st-key-lab_steps > * { flex: 0 1 auto; min-width: 0; }
.st-key-lab_place { min-height: 2.5rem; }
[data-test-script-state="running"] .st-key-lab_part_measured:not(:has(.stVegaLiteChart, .stAlert))::after {
    content: ""; height: 320px; border-radius: 0.5rem; background: color-mix(in srgb, currentcolor 8%, transparent);
}
[data-test-script-state="running"] :has(> .st-key-lab_part_measured:not(:has(.stVegaLiteChart, .stAlert)))
~ :has(> :is(.st-key-lab_part_try, .st-key-lab_part_verdict)) { display: none; }
</style>"""


def show(experiment: Experiment) -> None:
    """Show an experiment; embedded in another page, without the way to the other ones."""
    st.html(_STYLE)
    alone = bool(st.context.is_embedded)
    number, total = catalog.EXPERIMENTS.index(experiment) + 1, len(catalog.EXPERIMENTS)
    if not alone:
        with st.container(key="lab_place", horizontal=True, vertical_alignment="center"):
            links.to(None, _("All experiments"), ":material/list:")
            st.caption(_("Experiment {number} of {total}", number=number, total=total))
    st.header(_(experiment.title), anchor=False)
    polled = live_run.is_active()
    st.fragment(_show_parts, run_every=POLL_SECONDS if polled else None)(experiment, polled)
    if not alone:
        _show_steps(number - 1)


def _show_parts(experiment: Experiment, polled: bool) -> None:
    with st.container(key="lab_part_question"):
        st.subheader(_("1. Question"), anchor=False)
        st.markdown(f"**{_(experiment.question)}** {_(experiment.why)}")
    with st.container(key="lab_part_prediction"):
        st.subheader(_("2. Your prediction"), anchor=False)
        predictions.show(experiment)
    if experiment.key not in predictions.answered():
        st.caption(_("Measured, Try it and Verdict follow your prediction."))
        return
    measured, try_it = st.container(key=predictions.MEASURED_KEY), st.container(key="lab_part_try")
    measured.subheader(_("3. Measured"), anchor=False)
    try_it.subheader(_("4. Try it"), anchor=False)
    answer = predictions.answered()[experiment.key]
    experiment.show(Screen(Controls(experiment.key), answer, measured, try_it))
    with st.container(key="lab_part_verdict"):
        st.subheader(_("5. Verdict"), anchor=False)
        _show_verdict(experiment)
    scroll.show()
    if live_run.is_active() != polled:
        # The page starts or stops polling.
        st.rerun()


def _show_verdict(experiment: Experiment) -> None:
    verdict = verdict_of(experiment)
    if verdict is None:
        st.markdown(_("Not measured here yet."))
    else:
        st.markdown(f"{outcome_badge(verdict)} {verdict.text}")
    st.caption(_(experiment.source))
    if experiment.sweep is not None:
        with st.expander(_("How this was measured"), icon=":material/straighten:"):
            measurements.describe(experiment.sweep)
    with st.expander(_("These settings as code"), icon=":material/code:"):
        st.code(write_command(experiment.config), language="sh", wrap_lines=True)
        st.code(write_script(experiment.config), language="python", height=320)


def _show_steps(place: int) -> None:
    """Show the links to the previous and the next experiment."""
    experiments = catalog.EXPERIMENTS
    with st.container(key="lab_steps", horizontal=True):
        if place > 0:
            links.to(experiments[place - 1], _(experiments[place - 1].title), ":material/arrow_back:")
        if place + 1 < len(experiments):
            links.to(experiments[place + 1], _(experiments[place + 1].title), ":material/arrow_forward:")
        else:
            links.to(None, _("All experiments"), ":material/list:")
