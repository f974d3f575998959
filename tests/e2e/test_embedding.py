"""The page in a frame of another site."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, FilePayload, Page, expect

from ..test_picture import encode, seven_on_paper
from .conftest import watched
from .server import Server, running


@pytest.fixture
def embeddable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server with the setting that docs/deployment.md gives for frames."""
    monkeypatch.setenv("STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE", "none")
    folder = tmp_path / "server"
    folder.mkdir()
    with running(Server(folder)) as server:
        yield server


@pytest.fixture
def tab(
    tmp_path: Path,
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    embeddable: Server,  # so that the tab is closed before the server ends
) -> Iterator[Page]:
    """A tab of a browser that gives cookies to frames; many block third-party cookies."""
    profile = tmp_path / "profile"
    (profile / "Default").mkdir(parents=True)
    preferences = {"profile": {"block_third_party_cookies": False, "cookie_controls_mode": 0}}
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    with (
        browser_type.launch_persistent_context(profile, **browser_type_launch_args) as context,
        watched(context.new_page()) as page,
    ):
        yield page


def test_picture_can_be_uploaded_in_a_frame_of_another_site(tab: Page, embeddable: Server) -> None:
    # To a browser, 127.0.0.1 and localhost are two sites, and both may have cookies for https.
    tab.goto(f"{embeddable.address}/_stcore/health")
    address = embeddable.address.replace("127.0.0.1", "localhost")
    tab.set_content(f'<iframe width=1000 height=800 src="{address}/?embed=true&epochs=3"></iframe>')
    frame = tab.frame_locator("iframe")
    frame.locator(".st-key-input_source").get_by_text("Upload a picture", exact=True).click()
    expect(frame.get_by_text("open the page in its own tab")).to_be_visible()
    picture: FilePayload = {"name": "7.png", "mimeType": "image/png", "buffer": encode(seven_on_paper())}
    frame.locator(".st-key-picture input").set_input_files([picture])
    expect(frame.locator(".st-key-prediction").get_by_test_id("live-digit")).to_have_text("7")
    expect(frame.get_by_text("Ignored in the page's address")).to_have_count(0)
