"""Go back through the visitor's latest run: what its network said of their digit, and looked for, at moments of it."""

import streamlit as st
import torch

from dropout_mnist.experiments.features import outgoing_norms
from dropout_mnist.recording.recording import Recording
from dropout_mnist.server.pace import steps_per_epoch
from dropout_mnist.server.runs import Run
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.live import component
from dropout_mnist.ui.playground import draw
from dropout_mnist.ui.resources import training_queue
from dropout_mnist.ui.visitor import visitor

# Of the first layer: those with the largest weights to the next layer at the end of the run.
_UNITS = 16
_LARGEST = 127


def show() -> None:
    """Show a slider over the moments of the visitor's latest run, if they have none in training."""
    found = _find_latest()
    if found is None:
        return
    run, recording = found
    with st.expander(_("How it learned: go back through the run"), icon=":material/history:", key="replay"):
        component.send_features(_pack_features(run.id, recording))
        per_epoch = steps_per_epoch(run.config)
        steps = [moment.step for moment in recording.moments]
        component.show_replay(steps, run.config.epochs * per_epoch, per_epoch)


def send_answers() -> None:
    """Send what the latest run's network said at its moments of the digit that the visitor shows it now."""
    found = _find_latest()
    if found is None:
        return
    recording = found[1]
    pixels = draw.current_pixels()
    probs = None
    if pixels is not None:
        said = {answer.step: answer.prediction.probs for answer in recording.answers(pixels)}
        probs = [[round(prob, 4) for prob in said[moment.step]] for moment in recording.moments]
    component.send_moment_answers(probs)


def _find_latest() -> tuple[Run, Recording] | None:
    queue = training_queue()
    if any(run.active for run in queue.runs_of(visitor())):
        return None
    run = queue.latest_run(visitor())
    recording = queue.recording(run.id) if run is not None else None
    if run is None or recording is None or len(recording.moments) < 2:
        return None
    return run, recording


@st.cache_resource(show_spinner=False, max_entries=8)
def _pack_features(run_id: int, _recording: Recording) -> bytes:
    """Return the features at all moments, (moments, units, 784) int8: at each moment the largest weight is 127."""
    model = _recording.moments[-1].model()
    units = outgoing_norms(model)[0].argsort(descending=True)[:_UNITS]
    packed = []
    for moment in _recording.moments:
        moment.restore(model)
        features = model.get_parameter("layers.0.weight")[units]
        packed.append((features / features.abs().max() * _LARGEST).round().to(torch.int8))
    return torch.stack(packed).numpy().tobytes()
