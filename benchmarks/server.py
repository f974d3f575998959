"""Start a server of the page as a user does, and open the page in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from urllib.parse import urlencode

import psutil
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

ROOT = Path(__file__).parents[1]


@contextmanager
def start_server(script: str = "app.py") -> Iterator[tuple[str, psutil.Process]]:
    """Start a server with a copy of the weights, yield its address and process, and stop it at the end.

    Args:
        script: what Streamlit runs, relative to the project's root.
    """
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        weights = shutil.copytree(ROOT / "weights", Path(folder) / "weights")
        process = psutil.Popen(
            [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true", f"--server.port={port}"],
            cwd=ROOT,
            # Long runs begin without a confirmation.
            env=os.environ | {"DROPOUT_MNIST_WEIGHTS": str(weights), "DROPOUT_MNIST_CONFIRM_MINUTES": "600"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait()


def launch_browser(playwright: Playwright) -> Browser:
    """Start the system's Chromium."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)


def wait_for_server(address: str) -> None:
    """Wait until a server accepts connections at this address."""
    host, port = address.removeprefix("http://").split(":")
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        sleep(0.02)


def open_page(browser: Browser | BrowserContext, address: str, **settings: object) -> Page:
    """Open the page as soon as the server accepts connections, and wait until the canvas can be drawn on.

    Args:
        browser: or a context, to visit as the same visitor again.
        address: of the server.
        settings: parameters of the page's URL.
    """
    page = browser.new_page()
    wait_for_server(address)
    page.goto(f"{address}/?{urlencode(settings)}")
    page.locator(".st-key-canvas canvas").last.wait_for()
    page.locator(".st-key-prediction").wait_for()
    return page
