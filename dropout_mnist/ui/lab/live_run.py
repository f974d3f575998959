"""Live runs of experiments: trained in the server's queue, and drawn into the chart of the measurements as they go."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import TITLES
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.messages.message import message_of
from dropout_mnist.model import MLP
from dropout_mnist.server.limits import RefusedError
from dropout_mnist.server.runs import Run, RunState
from dropout_mnist.ui.format import plain, rough_duration
from dropout_mnist.ui.lab.measurements import rate_name
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground.estimate import estimate_seconds
from dropout_mnist.ui.resources import can_load_without_download, find_cached, load_cached, training_queue
from dropout_mnist.ui.visitor import ask_browser, visitor

# The bundled digits stand in for MNIST where that would have to be downloaded.
_STAND_IN, _STAND_IN_SIZE = "digits", 1_000
# The names of the configs that this session asked for, and why the last request was refused.
_ASKED_KEY, _REFUSED_KEY = "lab_runs", "lab_refusal"


def trainable(config: TrainConfig) -> TrainConfig:
    """Return a config that can be trained without a download: as it is, or with the bundled digits."""
    if can_load_without_download(config.dataset):
        return config
    size = config.train_size if config.train_size is not None and config.train_size < _STAND_IN_SIZE else None
    return replace(config, dataset=_STAND_IN, train_size=size, repeats=config.repeats if size else 1)


def is_active() -> bool:
    """Whether one of the runs that this session asked for waits or trains."""
    return any(run.active and run.config.name in _asked() for run in training_queue().runs_of(visitor()))


def history(config: TrainConfig) -> Sequence[EpochResult]:
    """Return the epochs so far of a run that this session asked for; none if it did not."""
    if config.name not in _asked():
        return ()
    if (run := _find(config)) is not None and run.history:
        return run.history
    path = find_cached(config)
    return load_cached(path)[1].history if path is not None else ()


def network(config: TrainConfig) -> MLP | None:
    """Return the network of a run that this session asked for, once all its epochs are done."""
    if config.name not in _asked():
        return None
    if (path := find_cached(config)) is not None:
        return load_cached(path)[1].model
    run = _find(config)
    return run.checkpoint.model if run is not None and run.checkpoint is not None else None


def last(configs: Sequence[TrainConfig], field: str, value: str) -> pd.DataFrame:
    """Return the latest epoch of each config's run as rows of a chart: `series`, `mean` and the x axis's field.

    Args:
        configs: of the runs.
        field: the setting on the x axis.
        value: the attribute of `EpochResult`, or "error" for the test error.
    """
    rows = [
        {"series": name(config), field: getattr(config, field), "mean": _value(epochs[-1], value)}
        for config in configs
        if (epochs := history(config))
    ]
    return pd.DataFrame(rows)


def curves(configs: Sequence[TrainConfig], value: str) -> pd.DataFrame:
    """Return all epochs of each config's run as rows of a chart: `series`, `epoch` and `mean`."""
    rows = [
        {"series": name(config), "epoch": epoch.epoch, "mean": found}
        for config in configs
        for epoch in history(config)
        if (found := _value(epoch, value)) is not None
    ]
    return pd.DataFrame(rows)


def name(config: TrainConfig) -> str:
    """Return the name of a live run in a chart."""
    digits = "" if config.dataset == "mnist" else f", {localize(TITLES[config.dataset])}"
    return _("live: {name}", name=rate_name(config.drop_prob) + digits)


def offer(configs: Sequence[TrainConfig]) -> None:
    """Show a button that trains these configs, and the progress of their runs."""
    ask_browser()
    if any(config.dataset == _STAND_IN for config in configs):
        st.caption(
            _(
                "MNIST is not on this computer. scikit-learn's bundled digits stand in for it: 8 x 8 pixels, enlarged. "
                "Their accuracies differ from the measured ones."
            )
        )
    runs = [_find(config) for config in configs if config.name in _asked()]
    active = [run for run in runs if run is not None and run.active]
    done = bool(runs) and len(runs) == len(configs) and not active
    seconds = estimate_seconds(configs)
    label = _("Train again") if done else _("Train now")
    if seconds:
        label = _("{label}, about {time}", label=label, time=rough_duration(seconds))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            label,
            key="lab_train",
            type="primary",
            icon=":material/model_training:",
            disabled=bool(active),
            on_click=_submit,
            args=(configs,),
        )
        if active:
            st.button(_("Stop"), key="lab_stop", icon=":material/stop:", on_click=_stop, args=(active,))
    for run in active:
        st.progress(run.share_done, _describe(run))
    if refusal := st.session_state.get(_REFUSED_KEY):
        st.info(plain(refusal), icon=":material/info:")
    for config in configs:
        if (epochs := history(config)) and len(epochs) == config.epochs:
            accuracy = f"{epochs[-1].test_accuracy:.2%}"
            st.caption(
                _(
                    "{name}: test accuracy {accuracy}, seed {seed}",
                    name=name(config),
                    accuracy=accuracy,
                    seed=config.seed,
                )
            )
    for failed in runs:
        if failed is not None and failed.state is RunState.FAILED:
            st.warning(plain(failed.message or ""), icon=":material/warning:")


def _describe(run: Run) -> str:
    if run.waiting:
        return _("{name}: waiting", name=name(run.config))
    if not run.history:
        return _("{name}: first epoch", name=name(run.config))
    return _(
        "{name}: epoch {epoch} of {epochs}, test accuracy {accuracy}",
        name=name(run.config),
        epoch=len(run.history),
        epochs=run.config.epochs,
        accuracy=f"{run.history[-1].test_accuracy:.2%}",
    )


def _submit(configs: Sequence[TrainConfig]) -> None:
    st.session_state.pop(_REFUSED_KEY, None)
    try:
        for config in configs:
            # What was trained before is drawn at once; asked for again, it is trained again.
            if config.name in _asked() or find_cached(config) is None:
                training_queue().submit(config, visitor())
            _asked().add(config.name)
    except RefusedError as error:
        st.session_state[_REFUSED_KEY] = message_of(error)


def _stop(runs: Sequence[Run]) -> None:
    for run in runs:
        training_queue().stop(run.id, visitor())


def _find(config: TrainConfig) -> Run | None:
    """Return the latest run of this visitor with a config."""
    found = [run for run in training_queue().runs_of(visitor()) if run.config.trains_like(config)]
    return found[-1] if found else None


def _asked() -> set[str]:
    asked: set[str] = st.session_state.setdefault(_ASKED_KEY, set())
    return asked


def _value(epoch: EpochResult, value: str) -> float | None:
    found: float | None = 1 - epoch.test_accuracy if value == "error" else getattr(epoch, value)
    return found
