"""The card that answers whether dropout helps: settings, buttons, and the runs with their results.

Runs are drawn live while the rest of the page stays responsive.
"""

from collections.abc import Sequence

import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.server.pace import steps_per_epoch
from dropout_mnist.ui.format import rough_duration
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.models import ChosenModel
from dropout_mnist.ui.playground import code, confirm, curves, owner, runs, settings, verdict
from dropout_mnist.ui.playground.estimate import estimate_seconds
from dropout_mnist.ui.playground.results import Experiment, choose_subject, find_results, variants
from dropout_mnist.ui.visitor import ask_browser

POLL_SECONDS = 0.5

# With fewer training steps a network has not learned enough to tell what dropout does.
MIN_STEPS = 1_000


@st.fragment
def show(model: ChosenModel | None) -> None:
    """Show the card for the model in use."""
    with st.container(border=True, key="experiment"):
        config = settings.show()
        ask_browser()
        if config is not None:
            _warn_if_short(config)
            _show_buttons(find_results(config, runs.ended_runs()))
            confirm.show(config)
        subject = choose_subject(config, runs.own_runs())
        experiment = find_results(subject, runs.ended_runs()) if subject is not None else None
        polled = bool(runs.own_runs())
        st.fragment(runs.show, run_every=POLL_SECONDS if polled else None)(model, experiment, polled)
        owner.show()
    curves.explain()


def _warn_if_short(config: TrainConfig) -> None:
    steps = config.epochs * steps_per_epoch(config)
    if steps < MIN_STEPS:
        st.warning(
            _(
                "These are only {steps} training steps: too few to tell what dropout does, because with dropout a "
                "network learns more slowly. Choose more epochs or repeats, for {enough} steps or more.",
                steps=f"{steps:,}",
                enough=f"{MIN_STEPS:,}",
            ),
            icon=":material/hourglass_disabled:",
        )


def _show_buttons(experiment: Experiment) -> None:
    config = experiment.config
    verdict.ask(experiment)
    queued = {run.config.name for run in runs.own_runs()}
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_train_both(experiment, queued)
        if experiment.comparison() is not None:
            _show_repeat(experiment, queued)
        label = _("Train") if experiment.get(config) is None else _("Train again")
        if st.button(
            _with_time(label, [config]),
            icon=":material/model_training:",
            key="train",
            disabled=config.name in queued,
        ):
            confirm.submit([config])
            st.rerun()
        code.show_button(config)


def _show_train_both(experiment: Experiment, queued: set[str]) -> None:
    config = experiment.config
    missing = experiment.missing(config.seed)
    configs = missing or variants(config)
    if st.button(
        _with_time(_("Train both") if missing else _("Train both again"), configs),
        type="primary" if missing else "secondary",
        icon=":material/balance:",
        key="train_both",
        disabled=not config.drop_prob or all(each.name in queued for each in configs),
        help=_("Trains without and with dropout, and compares. Only what is missing is trained.")
        if config.drop_prob
        else _("Choose a drop_prob above 0 to compare with."),
    ):
        verdict.keep_expectation(experiment)
        confirm.submit(configs)
        st.rerun()


def _show_repeat(experiment: Experiment, queued: set[str]) -> None:
    seed = experiment.next_seed()
    missing = experiment.missing(seed) if seed is not None else []
    if st.button(
        _with_time(_("Repeat with another seed"), missing),
        type="primary",
        icon=":material/repeat:",
        key="repeat",
        disabled=all(config.name in queued for config in missing),
        help=_("One pair of networks can differ by chance. Every further pair makes the verdict surer."),
    ):
        confirm.submit(missing)
        st.rerun()


def _with_time(label: str, configs: Sequence[TrainConfig]) -> str:
    """Return a button's text with an estimate of how long the runs take here."""
    if seconds := estimate_seconds(configs):
        return _("{label}, about {time}", label=label, time=rough_duration(seconds))
    return label
