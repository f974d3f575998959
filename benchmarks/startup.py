"""Measure the page from outside: time to a canvas that can be drawn on, and the server's memory.

Each round starts `streamlit run app.py` anew and opens it in Chromium; in turn with it, the import that no
start can do without is timed alone. Then one server trains the notebook's recipe for a few epochs while a page
watches. Needs MNIST, and Chromium.

usage: python -m benchmarks.startup [ROUNDS]
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.machine import describe_machine

ROOT = Path(__file__).parents[1]
IMPORTS = "import torch, streamlit"
EPOCHS = 3


@contextmanager
def start_server() -> Iterator[tuple[str, psutil.Process]]:
    """Start a server with the shipped weights in a folder of its own."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        weights = shutil.copytree(ROOT / "weights", Path(folder) / "weights")
        process = psutil.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"],
            cwd=ROOT,
            env=os.environ | {"DROPOUT_MNIST_WEIGHTS": str(weights)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait()


def open_page(browser: Browser, address: str) -> Page:
    """Open the page as soon as the server listens, and wait until the canvas can be drawn on."""
    page = browser.new_page()
    host, port = address.removeprefix("http://").split(":")
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                break
        sleep(0.02)
    page.goto(address + f"/?epochs={EPOCHS}&seed=4711")
    page.locator(".st-key-canvas canvas").last.wait_for()
    page.locator(".st-key-prediction").wait_for()
    return page


class PeakMemory(threading.Thread):
    """Watch a process' resident memory until told to stop."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.peak, self.done = process, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.05):
            self.peak = max(self.peak, self.process.memory_info().rss)


def main(rounds: int) -> None:
    starts, imports = [], []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        for _ in range(rounds + 1):
            begin = perf_counter()
            subprocess.run([sys.executable, "-c", IMPORTS], check=True)
            imports.append(perf_counter() - begin)
            begin = perf_counter()
            with start_server() as (address, _server):
                open_page(browser, address)
                starts.append(perf_counter() - begin)
        with start_server() as (address, server):
            page = open_page(browser, address)
            page.locator(".st-key-random_sample").wait_for()
            idle = server.memory_info().rss
            watch = PeakMemory(server)
            watch.start()
            page.locator(".st-key-train button").click()
            page.locator(".st-key-training").get_by_text("is trained").wait_for(timeout=600_000)
            watch.done.set()
            watch.join()
        browser.close()
    # The first round warms the files.
    result = {
        "start_to_canvas_seconds": round(statistics.median(starts[1:]), 2),
        "imports_alone_seconds": round(statistics.median(imports[1:]), 2),
        "start_over_imports": round(statistics.median(s / i for s, i in zip(starts[1:], imports[1:], strict=True)), 2),
        "idle_memory_mb": round(idle / 1e6),
        "peak_memory_while_training_mb": round(watch.peak / 1e6),
        "rounds": rounds,
        "machine": describe_machine(),
    }
    print(f"| figure, median of {rounds} | value |\n| --- | --- |")
    for name, value in result.items():
        print(f"| {name} | {value} |")
    print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
