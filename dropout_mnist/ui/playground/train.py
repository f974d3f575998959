"""Train: settings, buttons, and the run at work, drawn live while everything else on the page answers.

Visitors see their own runs, and of others' only how long the queue is, as it was when they last did something here: a
page polls for runs of its own only. Whoever draws while the page polls may lose an answer, if very seldom: Streamlit
drops what a run has not sent yet when another is asked for just as it ends.
"""

from collections.abc import Sequence

import streamlit as st

from dropout_mnist.checkpoints.folder import trains_alike
from dropout_mnist.checkpoints.resume import discard_state, list_interruptions
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import TITLES
from dropout_mnist.server.queue import RefusedError, Run, RunState, TrainingQueue
from dropout_mnist.training import EpochResult
from dropout_mnist.ui import charts
from dropout_mnist.ui.format import describe_download, duration, epochs, plain
from dropout_mnist.ui.models import ChosenModel, use_model
from dropout_mnist.ui.playground import settings
from dropout_mnist.ui.resources import find_cached, training_queue
from dropout_mnist.ui.visitor import ask_browser, visitor

POLL_SECONDS = 0.5

# The ids of this visitor's runs whose ends this session has not reported yet.
_OWN_RUNS_KEY = "own_runs"
# That report: the run's id and a message.
_OUTCOME_KEY = "run_outcome"


@st.fragment
def show(model: ChosenModel | None) -> None:
    """Show the section."""
    config = settings.show()
    queue = training_queue()
    ask_browser()
    if config is not None:
        _show_buttons(config, queue, model)
    polled = bool(_visitors(queue.active_runs(), queue))
    st.fragment(_show_runs, run_every=POLL_SECONDS if polled else None)(model, polled)
    _explain()


def _show_buttons(config: TrainConfig, queue: TrainingQueue, model: ChosenModel | None) -> None:
    queued = any(trains_alike(run.config, config) for run in _visitors(queue.active_runs(), queue))
    in_use = model is not None and trains_alike(model.checkpoint.config, config)
    found = None if queued or in_use else find_cached(config)
    with st.container(horizontal=True, vertical_alignment="center"):
        if found and st.button("Load", type="primary", icon=":material/bolt:", key="load"):
            use_model(found)
            st.rerun()
        if st.button(
            "Train again" if found or in_use else "Train",
            type="secondary" if found else "primary",
            icon=":material/model_training:",
            key="train",
            disabled=queued,
        ):
            _submit(config, queue)
            st.rerun()
        if queued:
            st.caption("These settings are in the queue.")
        elif in_use:
            st.caption("The model in use was trained with exactly these settings.")
        elif found:
            st.caption("Weights for exactly these settings are there: load them, or train anew.")
        else:
            st.caption(f"Trains on {TITLES[config.dataset]}.")


def _submit(config: TrainConfig, queue: TrainingQueue) -> None:
    try:
        _own_runs().add(queue.submit(config, visitor()))
    except RefusedError as error:
        st.session_state[_OUTCOME_KEY] = (None, str(error))
    else:
        st.session_state.pop(_OUTCOME_KEY, None)


def _stop(run: Run, queue: TrainingQueue) -> None:
    queue.stop(run.id, visitor())


def _visitors(runs: Sequence[Run], queue: TrainingQueue) -> list[Run]:
    """Return those of the runs that this visitor asked for."""
    return [run for run in runs if queue.owns(visitor(), run.id)]


def _show_runs(model: ChosenModel | None, polled: bool) -> None:
    """Show the visitor's runs; called again and again while there are any."""
    queue = training_queue()
    runs = queue.active_runs()
    own = _visitors(runs, queue)
    # After a reload the session does not know them yet.
    _own_runs().update(run.id for run in own)
    _take_own_result(queue)
    if bool(own) != polled:
        # The page begins or ends polling.
        st.rerun()
    with st.container(key="training"):
        outcome_id, message = st.session_state.get(_OUTCOME_KEY, (None, None))
        if message:
            st.info(message, icon=":material/info:")
        for place, run in enumerate(runs):
            if run in own and run.state is RunState.WAITING:
                _show_waiting(run, place, queue)
            elif run in own:
                _show_at_work(run, queue)
        if len(runs) > len(own):
            _show_others(len(runs) - len(own))
        if runs and runs[0] in own and (history := runs[0].history):
            _show_curves(history, runs[0].config.recipe)
        elif not own:
            _show_interruptions(queue)
            if (latest := queue.latest_run(visitor())) is not None and latest.id != outcome_id:
                _show_latest(latest)
            if model is not None:
                st.caption(f"How the model in use was trained, {model.checkpoint.name}:")
                _show_curves(model.checkpoint.history, model.checkpoint.config.recipe)


def _take_own_result(queue: TrainingQueue) -> None:
    """Report the end of this session's own runs, and switch to the model that came of them."""
    ended = [run for run_id in sorted(_own_runs()) if (run := queue.get(run_id)) is not None and not run.active]
    for run in ended:
        _own_runs().discard(run.id)
        st.session_state[_OUTCOME_KEY] = (run.id, _describe_end(run))
        if (result := run.path or run.checkpoint) is not None:
            use_model(result)
    if ended:
        st.rerun()


def _own_runs() -> set[int]:
    runs: set[int] = st.session_state.setdefault(_OWN_RUNS_KEY, set())
    return runs


def _show_at_work(run: Run, queue: TrainingQueue) -> None:
    if run.state is RunState.LOADING:
        if (download := run.download) is None:
            st.progress(0.0, f"Loading {TITLES[run.config.dataset]} …")
        else:
            st.progress(download.done / download.total, describe_download(download))
    elif (progress := run.progress) is not None:
        parts = [
            f"Epoch {progress.epoch} of {run.config.epochs}",
            f"{progress.done:,} of {progress.total:,} images",
        ]
        if run.images_per_second and run.seconds_left is not None:
            parts += [f"{run.images_per_second:,.0f} images/s", f"{duration(run.seconds_left)} left in all"]
        st.progress(progress.done / progress.total, " · ".join(parts))
    else:
        st.progress(0.0, "Starting …")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Stop", icon=":material/stop:", key="stop", on_click=_stop, args=(run, queue))
        title = TITLES[run.config.dataset]
        st.caption(f"Training {run.config.name} on {title}. You may close the page and come back.")


def _show_waiting(run: Run, place: int, queue: TrainingQueue) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Take off the queue",
            icon=":material/close:",
            key=f"stop_{run.id}",
            on_click=_stop,
            args=(run, queue),
        )
        seconds = queue.seconds_until(run.id)
        wait = f", about {duration(seconds)} to go" if seconds else ""
        st.caption(f"Waiting, number {place} in the queue{wait}: {run.config.name}")


def _show_others(count: int) -> None:
    trainings = "1 training" if count == 1 else f"{count} trainings"
    st.caption(f"In the queue of this server: {trainings} of other visitors.")


def _show_interruptions(queue: TrainingQueue) -> None:
    """Offer to go on with the first of the visitor's trainings that ended with the server that did them."""
    for interruption in list_interruptions(visitor())[:1]:
        config, last = interruption.config, interruption.history[-1]
        with st.container(key="interrupted", horizontal=True, vertical_alignment="center"):
            st.caption(
                f"Your training {config.name} was interrupted after {last.epoch} of {epochs(config.epochs)}, at a test "
                f"accuracy of {last.test_accuracy:.2%}."
            )
            st.button("Go on", icon=":material/play_arrow:", key="resume", on_click=_submit, args=(config, queue))
            st.button("Discard", icon=":material/delete:", key="discard", on_click=discard_state, args=(config,))


def _show_latest(run: Run) -> None:
    """Offer what the visitor's latest training gave, to one who comes back."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Your latest training: {_describe_end(run)}")
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
        text = f"{run.config.name} was stopped after {done}."
        text += " What was finished is kept." if kept else " Nothing was kept."
    else:
        text = f"{run.config.name} failed after {done}."
        text += " What was finished is kept." if kept else ""
    return f"{text} {plain(run.message)}" if run.message else text


def _show_curves(history: Sequence[EpochResult], recipe: str) -> None:
    loss, accuracy = st.columns(2, gap="medium")
    last = history[-1]
    loss.altair_chart(
        charts.loss_curves(history, recipe),
        key="loss_chart",
        alt=f"Losses of {epochs(last.epoch)}; the last: {charts.LEARNING[recipe]} {last.train_loss:.4f}, "
        f"train with dropout off {last.eval_train_loss:.4f}, test {last.test_loss:.4f}",
    )
    accuracy.altair_chart(
        charts.accuracy_curves(history),
        key="accuracy_chart",
        alt=f"Accuracies of {epochs(last.epoch)}; the last: train {last.eval_train_accuracy:.2%}, "
        f"test {last.test_accuracy:.2%}",
    )


def _explain() -> None:
    with st.expander("Why does the training loss start above the test loss? What do train() and eval() change?"):
        st.markdown(
            "**The orange curve** is measured *with dropout on*: on networks with a share of their units missing, "
            "while they learn, and averaged over the epoch. Green and blue are measured after the epoch *with dropout "
            "off*, by the whole network, which does better. The more is dropped, the later the orange curve crosses "
            "below the blue one, if ever: compare the weights with `drop_prob` 0.00, 0.30 and 0.50. The *augmented* "
            "recipe's orange curve is high for another reason: its images are varied, and a tenth of them are "
            "no digits, for which nothing but ten equal probabilities is right.\n\n"
            "**train() and eval()** switch dropout on and off, and for this network that is all they do. In train() "
            "each hidden unit is set to zero with probability `drop_prob`, and the rest are scaled by "
            "1/(1 - `drop_prob`), so that the next layer receives as much on average. In eval() nothing is dropped "
            "and nothing is scaled. (Running statistics belong to batch normalisation; there is none here.)"
        )
