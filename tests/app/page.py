"""Helpers for tests of the page with Streamlit's AppTest, without a browser."""

import base64
import io
import json
import re
from collections.abc import Callable
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from dropout_mnist.evaluation import Prediction, predict_batch
from dropout_mnist.model import MLP

TIMEOUT = 120

# Opens the page; keyword arguments are the parameters of its URL.
OpenPage = Callable[..., AppTest]


def checked(page: AppTest) -> AppTest:
    """Return the page after checking that it shows no exception."""
    assert [box.value for box in page.exception] == []
    return page


def texts(page: AppTest) -> str:
    """Return the texts on the page, without the backslashes that escape Markdown."""
    kinds = (page.markdown, page.caption, page.info, page.warning, page.error, page.success)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def english_sentences(page: AppTest) -> list[str]:
    """Return texts on the page with four English words in a row, quoted titles and code aside."""
    shown = [element.value for kind in ("markdown", "caption", "info", "subheader") for element in getattr(page, kind)]
    shown += [widget.label for kind in ("button", "slider", "radio", "expander") for widget in getattr(page, kind)]
    shown += [chart.proto.alt for chart in page.get("vega_lite_chart")]
    return [text for text in shown if re.search(r"([A-Za-z]+ ){3}[a-z]+", re.sub(r"`[^`]*`|“[^”]*”", "", text))]


def metric(page: AppTest, label: str) -> str:
    """Return the value shown under a label."""
    return next(element.value for element in page.metric if element.label.replace("\\", "") == label)


def mailbox(page: AppTest) -> dict[str, Any]:
    """Return what the page sends to the live panel: bytes or JSON for each slot."""
    protos = [element.proto for element in page.get("bidi_component")]
    return {
        proto.id.split("-", 2)[2]: proto.bytes if proto.WhichOneof("data") == "bytes" else json.loads(proto.json)
        for proto in protos
        if proto.component_name == "dropout_mnist.live_mailbox"
    }


def live_answer(page: AppTest) -> Prediction:
    """Return the answer of the weights that the live panel is sent for the pixels that it is sent."""
    sent = mailbox(page)
    model = MLP().eval()
    model.load_state_dict(safetensors.torch.load(sent["live_model"]))
    pixels = np.frombuffer(base64.b64decode(sent["live_input"]["pixels"]), np.uint8)
    return predict_batch(model, torch.from_numpy(pixels.copy())[None])[0]


def canvas_report(strokes: list[Any], image: Image.Image | None = None) -> SimpleNamespace:
    """Return a report of the canvas; its image is black unless one is given."""
    buffer = io.BytesIO()
    (image or Image.new("RGBA", (280, 280), (0, 0, 0, 255))).save(buffer, "PNG")
    return SimpleNamespace(json_data={"objects": strokes}, image_bytes=buffer.getvalue())


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds, and fail after `TIMEOUT` seconds."""
    end = monotonic() + TIMEOUT
    while not condition():
        assert monotonic() < end, f"timed out waiting until {what}"
        sleep(0.01)
