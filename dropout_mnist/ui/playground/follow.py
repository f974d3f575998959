"""Follow somebody's runs: whoever opens a shared link sees their curves live, and can use the trained networks."""

from collections.abc import Sequence

import streamlit as st

from dropout_mnist.server.runs import Run, RunState
from dropout_mnist.ui import names
from dropout_mnist.ui.format import rough_duration
from dropout_mnist.ui.language import language
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.models import ChosenModel
from dropout_mnist.ui.playground import curves, offer, verdict
from dropout_mnist.ui.playground.results import Experiment, Result
from dropout_mnist.ui.resources import training_queue
from dropout_mnist.ui.visitor import ask_browser

# Of the page's address: its value is the token of the shared runs.
PARAMETER = "follow"
# A class follows a run. All pages together ask at most about this often, and get the same charts.
POLLS_PER_SECOND = 4.0
# The seconds between two questions of one page: the fewest with which that holds.
INTERVALS = (2.0, 4.0, 8.0, 16.0)


def requested() -> bool:
    """Whether the page's address asks to follow runs."""
    return PARAMETER in st.query_params


def show(model: ChosenModel | None) -> None:
    """Show the runs that the page's address asks for, or why there are none.

    Args:
        model: the one in use.
    """
    # Whoever asked for a run is here while following it, too.
    ask_browser()
    token = st.query_params[PARAMETER]
    runs = training_queue().shared_runs(token)
    with st.container(border=True, key="followed"):
        if runs:
            seconds = poll_seconds(training_queue().presence.pages) if any(run.active for run in runs) else None
            st.fragment(_show_runs, run_every=seconds)(token, model, seconds)
        else:
            st.warning(
                _(
                    "This link leads to no run. Perhaps it is incomplete, or the server has forgotten the run: it "
                    "remembers shared runs for a while, until it is restarted. Ask for a new link."
                ),
                icon=":material/link_off:",
            )
        st.button(_("Train your own"), key="unfollow", icon=":material/model_training:", on_click=_unfollow)


def poll_seconds(pages: int) -> float:
    """Return the seconds between two questions of one of this many open pages."""
    return next((seconds for seconds in INTERVALS if pages <= POLLS_PER_SECOND * seconds), INTERVALS[-1])


def _unfollow() -> None:
    del st.query_params[PARAMETER]


def _show_runs(token: str, model: ChosenModel | None, seconds: float | None) -> None:
    runs = training_queue().shared_runs(token)
    if not runs or (seconds and (not any(run.active for run in runs) or _is_outdated(seconds))):
        # They were forgotten, or the page stops polling, or polls at another pace.
        st.rerun()
    experiment = _experiment(runs)
    st.markdown(_("**You are following a run:** {name}", name=names.network(experiment.config)))
    if seconds:
        active = next(run for run in (*filter(_is_working, runs), *runs) if run.active)
        st.progress(sum(map(_share_done, runs)) / len(runs), " · ".join(_describe(active, runs)))
    if not experiment.results:
        return
    verdict.show(experiment)
    _show_curves(experiment, tuple((run.id, len(run.history)) for run in runs), language())
    offer.show(experiment, model)


def _is_outdated(seconds: float) -> bool:
    """Whether a page asks too often for the number of pages now, or far too rarely."""
    wanted = poll_seconds(training_queue().presence.pages)
    return wanted > seconds or wanted < seconds / 2


@st.cache_resource(show_spinner=False, max_entries=50)
def _show_curves(_experiment: Experiment, epochs: tuple[tuple[int, int], ...], language: str) -> None:
    """Show the curves; Streamlit keeps what was drawn and sends the same to everybody.

    Args:
        _experiment: with its results.
        epochs: for each run, its id and the number of finished epochs.
        language: of the visitor.
    """
    curves.show(_experiment)


def _experiment(runs: Sequence[Run]) -> Experiment:
    config = next((run.config for run in runs if run.config.drop_prob), runs[0].config)
    results = {
        run.config.name: Result(run.config, run.history, run.path or run.checkpoint) for run in runs if run.history
    }
    return Experiment(config, results)


def _is_working(run: Run) -> bool:
    return run.active and not run.waiting


def _share_done(run: Run) -> float:
    return run.share_done if run.active else 1.0


def _describe(active: Run, runs: Sequence[Run]) -> list[str]:
    """Describe the progress of the followed runs.

    Args:
        active: the one in training, or the next one.
        runs: all of them.
    """
    if active.state is RunState.WAITING:
        parts = [_("Waiting in the queue")]
    elif active.state is RunState.PAUSED:
        parts = [_("Paused for shorter runs of others")]
    elif active.progress is None:
        parts = [_("Starting …")]
    else:
        parts = [_("Epoch {epoch} of {epochs}", epoch=active.progress.epoch, epochs=active.config.epochs)]
    left = [run.seconds_left for run in runs if run.active]
    if None not in left:
        parts.append(_("about {time} left", time=rough_duration(sum(filter(None, left)))))
    return parts
