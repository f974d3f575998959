"""Security: requests from other sites, paths to files, uploads, and markup in texts."""

from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dropout_mnist.checkpoint import Checkpoint

from ..conftest import SHIPPED_WEIGHTS
from ..test_picture import encode, seven_on_paper
from .conftest import Playground

SCRIPT = "<img src=x onerror='window.harmed = true'>"


def test_requests_from_other_sites_are_refused(server: str) -> None:
    stream = f"{server.replace('http', 'ws')}/_stcore/stream"
    with connect(stream, origin=server):  # type: ignore[arg-type]
        pass
    with pytest.raises(InvalidStatus, match="403"):
        connect(stream, origin="https://elsewhere.example")  # type: ignore[arg-type]
    answer = requests.get(f"{server}/_stcore/health", headers={"Origin": "https://elsewhere.example"}, timeout=60)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_upload_outside_a_session_is_refused(server: str) -> None:
    address = f"{server}/_stcore/upload_file/some-session/some-file"
    assert requests.put(address, files={"file": b"data"}, timeout=60).status_code in (400, 403)
    assert requests.delete(address, timeout=60).status_code in (400, 403)


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2fetc%2fpasswd",
        "/media/..%2f..%2f..%2fetc%2fpasswd",
        "/app/static/..%2f..%2fpyproject.toml",
        "/component/streamlit_drawable_canvas/..%2f..%2f..%2fpyproject.toml",
        "/weights/augmented.safetensors",
        "/.streamlit/config.toml",
    ],
)
def test_files_of_the_server_are_not_served(server: str, path: str) -> None:
    request = requests.Request("GET", server).prepare()
    request.url = server + path  # unchanged: requests would normalize it
    answer = requests.Session().send(request, timeout=60)
    # Streamlit answers unknown addresses with the page itself.
    assert answer.status_code >= 400 or "<!doctype html>" in answer.text.lower()
    assert not any(secret in answer.text for secret in ("root:", "[tool.", "fileWatcherType", "__metadata__"))


def test_file_that_is_too_large_is_refused_before_the_upload(playground: Playground, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(100 * 2**20)
    playground.open()
    playground.choose_input("Upload a picture")
    playground.keyed("picture").locator("input").set_input_files(large)
    expect(playground.keyed("picture")).to_contain_text("File must be 20.0MB or smaller")
    expect(playground.prediction).to_contain_text("Upload a picture of one or more digits")


def test_markup_in_urls_and_file_names_is_shown_as_text(playground: Playground) -> None:
    playground.open(f"drop_prob={SCRIPT}&{SCRIPT}=1")
    expect(playground.page.get_by_text("Ignored in the page's address")).to_contain_text("<img src=x")
    checkpoint = Checkpoint.load(SHIPPED_WEIGHTS / "plain-p0.00.safetensors")
    playground.keyed("model_menu").get_by_role("button").click()
    upload = playground.keyed("upload_weights").locator("input")
    upload.set_input_files([{"name": f"{SCRIPT}.safetensors", "mimeType": "", "buffer": b"rubbish"}])
    expect(playground.page.get_by_text("is not a complete safetensors file")).to_contain_text("<img src=x")
    upload.set_input_files([{"name": f"{SCRIPT}.safetensors", "mimeType": "", "buffer": checkpoint.to_bytes()}])
    expect(playground.keyed("model")).to_contain_text("no dropout · MNIST")
    playground.page.keyboard.press("Escape")
    playground.choose_input("Upload a picture")
    picture = {"name": f"{SCRIPT}.png", "mimeType": "image/png", "buffer": encode(seven_on_paper())}
    playground.keyed("picture").locator("input").set_input_files([picture])
    expect(playground.answer).to_be_visible()
    expect(playground.page.locator("img[src=x]")).to_have_count(0)
    assert playground.page.evaluate("window.harmed") is None
