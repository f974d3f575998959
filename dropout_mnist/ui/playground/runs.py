"""The visitor's runs: waiting, in training, interrupted and ended.

Visitors see their own runs. Of others' runs they see only how many there are, as of their last action here: a page
polls for its own runs only. What the server sends after a stroke may be lost, very rarely, while the page polls:
Streamlit drops what a run has not sent yet when another one is requested just as it ends.
"""

from collections.abc import Sequence

import streamlit as st

from dropout_mnist.checkpoints.resume import discard_state, list_interrupted
from dropout_mnist.config import TrainConfig
from dropout_mnist.server.limits import RefusedError
from dropout_mnist.server.queue import TrainingQueue
from dropout_mnist.server.runs import Run, RunState
from dropout_mnist.ui import names
from dropout_mnist.ui.format import epochs, plain
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.models import MAX_SESSION_CHECKPOINTS, ChosenModel, use_model
from dropout_mnist.ui.playground import curves, offer, progress, replay, share, verdict, watch
from dropout_mnist.ui.playground.results import Experiment, Result, belongs
from dropout_mnist.ui.resources import training_queue
from dropout_mnist.ui.visitor import visitor

# The ids of this visitor's runs whose ends this session has not reported yet.
_OWN_IDS_KEY = "own_runs"
# That report: the run's id and a message.
_OUTCOME_KEY = "run_outcome"
# The latest ended runs of this session, by the name of their config.
_ENDED_KEY = "ended_runs"
# The ids of the runs that one click asked for.
_TOGETHER_KEY = "runs_together"
# The results on the screen, and those before them.
_SHOWN_KEY, _BEFORE_KEY = "result_shown", "result_before"


def own_runs() -> list[Run]:
    """Return this visitor's active runs, in their order."""
    queue = training_queue()
    return [run for run in queue.active_runs() if queue.owns(visitor(), run.id)]


def ended_runs() -> dict[str, Run]:
    """Return the session's latest ended runs that finished an epoch, by the name of their config."""
    runs: dict[str, Run] = st.session_state.setdefault(_ENDED_KEY, {})
    return runs


def submit(configs: Sequence[TrainConfig]) -> None:
    """Queue runs for this visitor, which belong together; a refusal is reported with the runs."""
    st.session_state.pop(_OUTCOME_KEY, None)
    ids = []
    try:
        for config in configs:
            ids.append(training_queue().submit(config, visitor()))
    except RefusedError as error:
        st.session_state[_OUTCOME_KEY] = (None, localize(error))
    _own_ids().update(ids)
    if ids:
        st.session_state[_TOGETHER_KEY] = ids


def show(model: ChosenModel | None, experiment: Experiment | None, polled: bool) -> None:
    """Show the visitor's runs, and curves and verdict of an experiment.

    Args:
        model: the one in use.
        experiment: with the results that there were when the visitor last acted; None if there are no valid settings.
        polled: whether the page calls this repeatedly, as it does while the visitor has active runs.
    """
    queue = training_queue()
    runs, own = queue.active_runs(), own_runs()
    # After a reload the session does not know them yet.
    _own_ids().update(run.id for run in own)
    _report_ended(queue)
    if bool(own) != polled:
        # The page starts or stops polling.
        st.rerun()
    with st.container(key="training"):
        outcome_id, message = st.session_state.get(_OUTCOME_KEY, (None, None))
        if message:
            st.info(message, icon=":material/info:")
        working = next((run for run in own if not run.waiting), None)
        together = _find_together(working, own) if working is not None else []
        if working is not None:
            progress.show(working, together)
            watch.show(working)
        for place, run in enumerate(runs):
            if run in own and run.waiting and run not in together:
                progress.show_waiting(run, place)
        if len(runs) > len(own):
            _show_others(len(runs) - len(own))
        if not own:
            _show_interrupted()
            if (latest := queue.latest_run(visitor())) is not None and latest.id != outcome_id:
                _show_latest(latest)
        if experiment is not None:
            _show_results(experiment.with_runs(own), model)
        if not own and (ended := _find_ended()):
            share.show(ended)
        replay.show()


def _show_results(experiment: Experiment, model: ChosenModel | None) -> None:
    before = _remember(experiment)
    if not experiment.results:
        st.caption(_("There are no results with these settings yet."))
        return
    verdict.show(experiment)
    curves.show(experiment, before)
    offer.show(experiment, model)


def _remember(experiment: Experiment) -> Result | None:
    """Remember what is shown; return what was shown with other settings before, if it can be compared."""
    latest = experiment.get(experiment.config)
    shown = st.session_state.get(_SHOWN_KEY)
    if latest is not None:
        if shown is not None and not belongs(shown.config, latest.config):
            st.session_state[_BEFORE_KEY] = shown
        st.session_state[_SHOWN_KEY] = latest
    elif shown is not None:
        return _comparable(shown, experiment)
    return _comparable(st.session_state.get(_BEFORE_KEY), experiment)


def _comparable(before: Result | None, experiment: Experiment) -> Result | None:
    """Return a result if it is of the same test images and not one of the experiment's own."""
    if before is None or before.config.dataset != experiment.config.dataset:
        return None
    return None if before.config.name in experiment.results else before


def _report_ended(queue: TrainingQueue) -> None:
    """Report the end of this session's own runs."""
    ended = [run for run_id in sorted(_own_ids()) if (run := queue.get(run_id)) is not None and not run.active]
    # Of runs that were stopped together, those that had not begun are not worth a message.
    for run in sorted(ended, key=lambda run: bool(run.history)):
        _own_ids().discard(run.id)
        st.session_state[_OUTCOME_KEY] = (run.id, _describe_end(run))
        if run.history:
            ended_runs()[run.config.name] = run
            while len(ended_runs()) > MAX_SESSION_CHECKPOINTS:
                del ended_runs()[next(iter(ended_runs()))]
    if ended:
        st.rerun()


def _own_ids() -> set[int]:
    ids: set[int] = st.session_state.setdefault(_OWN_IDS_KEY, set())
    return ids


def _find_together(working: Run, own: Sequence[Run]) -> list[Run]:
    """Return the run in training with those that the same click asked for, the ended ones too.

    After a reload, it is the active runs of the same experiment.
    """
    ids = st.session_state.get(_TOGETHER_KEY, ())
    if working.id in ids:
        return [run for run_id in ids if (run := training_queue().get(run_id)) is not None]
    return [run for run in own if belongs(working.config, run.config) or belongs(run.config, working.config)]


def _find_ended() -> list[Run]:
    """Return the runs that the latest click asked for and that have results; after a reload, the latest run."""
    queue = training_queue()
    together = [queue.get(run_id) for run_id in st.session_state.get(_TOGETHER_KEY, ())]
    return [run for run in together or [queue.latest_run(visitor())] if run is not None and run.history]


def _show_others(count: int) -> None:
    if count == 1:
        st.caption(_("Other visitors have 1 run in this server's queue."))
    else:
        st.caption(_("Other visitors have {count} runs in this server's queue.", count=count))


def _show_interrupted() -> None:
    """Offer to resume the first of the visitor's runs that ended with their server."""
    for run in list_interrupted(visitor())[:1]:
        config, last = run.config, run.history[-1]
        with st.container(key="interrupted", horizontal=True, vertical_alignment="center"):
            st.caption(
                _(
                    "Your run {name} was interrupted after {done} of {epochs}, at a test accuracy of {accuracy}.",
                    name=names.network(config),
                    done=last.epoch,
                    epochs=epochs(config.epochs),
                    accuracy=f"{last.test_accuracy:.2%}",
                )
            )
            st.button(_("Resume"), icon=":material/play_arrow:", key="resume", on_click=submit, args=([config],))
            st.button(_("Remove"), icon=":material/delete:", key="discard", on_click=discard_state, args=(config,))


def _show_latest(run: Run) -> None:
    """Offer the result of the visitor's latest run, after a reload."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("Your latest run: {outcome}", outcome=_describe_end(run)))
        result = run.path or run.checkpoint
        if result is not None and st.button(_("Use its model"), key="use_latest"):
            use_model(result)
            st.rerun()


def _describe_end(run: Run) -> str:
    name = names.network(run.config)
    values = {"name": name, "done": len(run.history), "epochs": epochs(run.config.epochs)}
    if run.state is RunState.FINISHED:
        accuracy = f"{run.history[-1].test_accuracy:.2%}"
        text = _("{name} is trained: test accuracy {accuracy}.", name=name, accuracy=accuracy)
    elif run.state is RunState.STOPPED:
        if not run.history:
            text = _("Removed from the queue: {name}.", name=name)
        else:
            text = _("{name} was stopped after {done} of {epochs}.", **values)
    else:
        text = _("{name} failed after {done} of {epochs}.", **values)
    if run.state is not RunState.FINISHED and (run.path or run.checkpoint):
        text += " " + _("The finished epochs are kept.")
    return f"{text} {plain(run.message)}" if run.message else text
