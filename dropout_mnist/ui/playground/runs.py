"""The visitor's runs: waiting, in training, interrupted and ended.

Visitors see their own runs. Of others' runs they see only how many there are, as of their last action here: a page
polls for its own runs only. A visitor who draws while the page polls may lose an answer, very rarely: Streamlit drops
what a run has not sent yet when another one is requested just as it ends.
"""

import streamlit as st

from dropout_mnist.checkpoints.resume import discard_state, list_interrupted
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import TITLES
from dropout_mnist.server.limits import RefusedError
from dropout_mnist.server.queue import TrainingQueue
from dropout_mnist.server.runs import Run, RunState
from dropout_mnist.ui.format import describe_download, duration, epochs, plain
from dropout_mnist.ui.models import ChosenModel, use_model
from dropout_mnist.ui.playground import curves
from dropout_mnist.ui.resources import training_queue
from dropout_mnist.ui.visitor import visitor

# The ids of this visitor's runs whose ends this session has not reported yet.
_OWN_IDS_KEY = "own_runs"
# That report: the run's id and a message.
_OUTCOME_KEY = "run_outcome"


def own_runs() -> list[Run]:
    """Return this visitor's active runs, in their order."""
    queue = training_queue()
    return [run for run in queue.active_runs() if queue.owns(visitor(), run.id)]


def submit(config: TrainConfig) -> None:
    """Queue a run for this visitor; a refusal is reported with the runs."""
    try:
        _own_ids().add(training_queue().submit(config, visitor()))
    except RefusedError as error:
        st.session_state[_OUTCOME_KEY] = (None, str(error))
    else:
        st.session_state.pop(_OUTCOME_KEY, None)


def show(model: ChosenModel | None, polled: bool) -> None:
    """Show the visitor's runs, and the curves of the one in training or of the model in use.

    Args:
        model: the one in use.
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
        for place, run in enumerate(runs):
            if run in own and run.waiting:
                _show_waiting(run, place, queue)
            elif run in own:
                _show_progress(run, queue)
        if len(runs) > len(own):
            _show_others(len(runs) - len(own))
        if runs and runs[0] in own and (history := runs[0].history):
            curves.show(history, runs[0].config.recipe)
        elif not own:
            _show_interrupted()
            if (latest := queue.latest_run(visitor())) is not None and latest.id != outcome_id:
                _show_latest(latest)
            if model is not None:
                st.caption(f"How this model was trained: {model.checkpoint.name}")
                curves.show(model.checkpoint.history, model.checkpoint.config.recipe)


def _report_ended(queue: TrainingQueue) -> None:
    """Report the end of this session's own runs, and switch to the resulting model."""
    ended = [run for run_id in sorted(_own_ids()) if (run := queue.get(run_id)) is not None and not run.active]
    for run in ended:
        _own_ids().discard(run.id)
        st.session_state[_OUTCOME_KEY] = (run.id, _describe_end(run))
        if (result := run.path or run.checkpoint) is not None:
            use_model(result)
    if ended:
        st.rerun()


def _own_ids() -> set[int]:
    ids: set[int] = st.session_state.setdefault(_OWN_IDS_KEY, set())
    return ids


def _stop(run: Run, queue: TrainingQueue) -> None:
    queue.stop(run.id, visitor())


def _show_progress(run: Run, queue: TrainingQueue) -> None:
    title = TITLES[run.config.dataset]
    if run.state is RunState.LOADING:
        if (download := run.download) is None:
            st.progress(0.0, f"Loading {title} …")
        else:
            st.progress(download.done / download.total, describe_download(download))
    elif (progress := run.progress) is not None:
        parts = [
            f"Epoch {progress.epoch} of {run.config.epochs}",
            f"{progress.done:,} of {progress.total:,} images",
        ]
        if run.images_per_second and run.seconds_left is not None:
            parts += [f"{run.images_per_second:,.0f} images/s", f"{duration(run.seconds_left)} left in total"]
        st.progress(progress.done / progress.total, " · ".join(parts))
    else:
        st.progress(0.0, "Starting …")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Stop", icon=":material/stop:", key="stop", on_click=_stop, args=(run, queue))
        st.caption(f"Training {run.config.name} on {title}. You can close the page and come back.")


def _show_waiting(run: Run, place: int, queue: TrainingQueue) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Remove", icon=":material/close:", key=f"stop_{run.id}", on_click=_stop, args=(run, queue))
        seconds = queue.seconds_until(run.id)
        wait = f", starts in about {duration(seconds)}" if seconds else ""
        st.caption(f"Waiting, number {place} in the queue{wait}: {run.config.name}")


def _show_others(count: int) -> None:
    st.caption(f"Other visitors have {'1 run' if count == 1 else f'{count} runs'} in this server's queue.")


def _show_interrupted() -> None:
    """Offer to resume the first of the visitor's runs that ended with their server."""
    for run in list_interrupted(visitor())[:1]:
        config, last = run.config, run.history[-1]
        with st.container(key="interrupted", horizontal=True, vertical_alignment="center"):
            st.caption(
                f"Your run {config.name} was interrupted after {last.epoch} of {epochs(config.epochs)}, at a test "
                f"accuracy of {last.test_accuracy:.2%}."
            )
            st.button("Resume", icon=":material/play_arrow:", key="resume", on_click=submit, args=(config,))
            st.button("Remove", icon=":material/delete:", key="discard", on_click=discard_state, args=(config,))


def _show_latest(run: Run) -> None:
    """Offer the result of the visitor's latest run, after a reload."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Your latest run: {_describe_end(run)}")
        result = run.path or run.checkpoint
        if result is not None and st.button("Use its model", key="use_latest"):
            use_model(result)
            st.rerun()


def _describe_end(run: Run) -> str:
    done = f"{len(run.history)} of {epochs(run.config.epochs)}"
    kept = run.path or run.checkpoint
    if run.state is RunState.FINISHED:
        text = f"{run.config.name} is trained: test accuracy {run.history[-1].test_accuracy:.2%}."
    elif run.state is RunState.STOPPED:
        if not run.history:
            text = f"{run.config.name} was removed before its first epoch ended."
        else:
            text = f"{run.config.name} was stopped after {done}."
    else:
        text = f"{run.config.name} failed after {done}."
    if run.state is not RunState.FINISHED and kept:
        text += " The finished epochs are kept."
    return f"{text} {plain(run.message)}" if run.message else text
