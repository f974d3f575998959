"""Helpers for tests of the page with Streamlit's AppTest, without a browser."""

import io
from collections.abc import Callable
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

from PIL import Image
from streamlit.testing.v1 import AppTest

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


def metric(page: AppTest, label: str) -> str:
    """Return the value shown under a label."""
    return next(element.value for element in page.metric if element.label.replace("\\", "") == label)


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
