"""Put the live panel on the page.

The panel is an HTML element. Its code, its weights and the visitor's input are sent by components of their own; the
last two reach it through a mailbox in the browser. So a change of one is sent without the others: the code with each
run of the whole page, 2.4 MB of weights once a model, and a few kB after every stroke.
"""

import base64
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import streamlit as st

from dropout_mnist.live.source import script, style
from dropout_mnist.live.texts import panel_texts, replay_texts
from dropout_mnist.preprocessing.drawing import Pixels
from dropout_mnist.preprocessing.fabricjs import StrokeError, read_paths
from dropout_mnist.ui.inputs import canvas
from dropout_mnist.ui.language import translate

_STYLE = """<style>
[class*="st-key-live_"]:not(.st-key-live_panel) { position: absolute; width: 0; }
</style>"""

_code = st.components.v2.component(
    "dropout_mnist.live_code", js=script("adapter.js", package=__package__), css=style(), isolate_styles=False
)
_panel = st.components.v2.component(
    "dropout_mnist.live_panel", html="<dropout-mnist-panel></dropout-mnist-panel>", isolate_styles=False
)
_mailbox = st.components.v2.component(
    "dropout_mnist.live_mailbox", js=script("mailbox.js", package=__package__), isolate_styles=False
)
_replay = st.components.v2.component(
    "dropout_mnist.replay",
    js=script("replay.js", package=__package__),
    css=(files(__package__) / "replay.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def send_code() -> None:
    """Send the panel's code, style and texts; call it once in each run of the page that shows the panel."""
    st.html(_STYLE)
    _code(key="live_code", data=panel_texts(translate))


def show_panel() -> None:
    """Show the panel, which answers for the last input with the last weights."""
    _panel(key="live_panel")


def send_drawing(invitation: str) -> None:
    """Send what the canvas was last asked to show; the panel itself records what is drawn from then on.

    Args:
        invitation: shown while there is no drawing.
    """
    drawing = canvas.current_drawing()
    try:
        strokes = read_paths(drawing.sent["objects"])
    except StrokeError:
        send_pixels(drawing.pixels, invitation)
        return
    _send(
        invitation,
        revision=drawing.sent["revision"],
        strokes=[{"points": stroke.points.ravel().tolist(), "width": stroke.pen_width} for stroke in strokes],
        pen_width=canvas.pen_width(),
    )


def send_pixels(pixels: Pixels | None, invitation: str) -> None:
    """Send the network's input, (28, 28) uint8; None for none, which shows the invitation."""
    _send(invitation, pixels=base64.b64encode(pixels.tobytes()).decode() if pixels is not None else None)


def send_model(weights: bytes | None) -> None:
    """Send the packed weights of the model in use; None if there is no model."""
    # Nothing at all would mean that the weights are on their way.
    _mailbox(key="live_model", data=weights or b"")


def send_comparison(weights: bytes, labels: tuple[str, str]) -> None:
    """Send the packed weights of a model to compare with, and the names of the model in use and of this one."""
    _mailbox(key="live_labels", data=labels)
    _mailbox(key="live_comparison", data=weights)


def show_replay(steps: Sequence[int], total_steps: int, steps_per_epoch: int) -> None:
    """Show a slider over moments of a run, with the answers and the features that are sent.

    Args:
        steps: of the moments, counted from 0.
        total_steps: of the whole run.
        steps_per_epoch: how many make an epoch.
    """
    times = {"steps": steps, "total": total_steps, "per_epoch": steps_per_epoch}
    _replay(key="replay_moments", data=times | {"texts": replay_texts(translate)})


def send_features(levels: bytes) -> None:
    """Send the features at all moments: one signed byte for each weight, 784 for each unit."""
    _mailbox(key="live_features", data=levels)


def send_moment_answers(probs: Sequence[Sequence[float]] | None) -> None:
    """Send the ten probabilities that the network gave the input at each moment; None if there is no input."""
    _mailbox(key="live_moment_answers", data={"probs": probs})


def _send(invitation: str, **values: Any) -> None:
    _mailbox(key="live_input", data={"invitation": invitation, **values})
