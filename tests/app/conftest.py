"""Fixtures for tests of the page with Streamlit's AppTest, without a browser."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from .page import TIMEOUT, OpenPage, canvas_report, checked

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def canvas_module() -> ModuleType:
    """The module of the canvas, whose first import must happen in a running Streamlit page."""

    def page() -> None:
        from dropout_mnist.ui.inputs import canvas  # noqa: F401

    assert not AppTest.from_function(page, default_timeout=TIMEOUT).run().exception
    return sys.modules["dropout_mnist.ui.inputs.canvas"]


@pytest.fixture
def canvas(canvas_module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A canvas that reports its `lines`, drawn with a pen of 20 pixels."""
    state = SimpleNamespace(lines=[])

    def report(**_: Any) -> SimpleNamespace:
        image = Image.new("RGBA", (280, 280), (0, 0, 0, 255))
        for line in state.lines:
            ImageDraw.Draw(image).line(line, fill="white", width=20)
        return canvas_report([{"type": "Path", "points": line} for line in state.lines], image)

    monkeypatch.setattr(canvas_module, "st_canvas", report)
    return state


@pytest.fixture
def no_weights(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove all weights, the shipped ones too."""
    for path in shipped.iterdir():
        path.unlink()
    monkeypatch.setattr("dropout_mnist.checkpoints.folder.shipped_folder", lambda name: tmp_path / "missing" / name)


@pytest.fixture
def open_page(fresh_server: None, shipped: Path, canvas: SimpleNamespace) -> OpenPage:
    """Open the page of a new server, with the shipped weights and without MNIST."""

    def open_it(**parameters: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
        for name, value in parameters.items():
            page.query_params[name] = value
        return checked(page.run())

    return open_it
