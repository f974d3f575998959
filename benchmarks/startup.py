"""Measure the page from outside: time to a canvas that can be drawn on, and the server's memory.

Each round starts `streamlit run app.py` anew and opens it in Chromium; in turn with it, the import that no
start can do without is timed alone. Then one server trains the notebook's recipe for a few epochs while a page
watches. Needs MNIST, and Chromium.

usage: python -m benchmarks.startup [ROUNDS]
"""

import json
import statistics
import subprocess
import sys
import threading
from time import perf_counter

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.machine import describe_machine
from benchmarks.server import launch_browser, open_page, start_server

IMPORTS = "import torch, streamlit"
EPOCHS, UNUSED_SEED = 3, 4711


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
        browser = launch_browser(playwright)
        for _ in range(rounds + 1):
            begin = perf_counter()
            subprocess.run([sys.executable, "-c", IMPORTS], check=True)
            imports.append(perf_counter() - begin)
            begin = perf_counter()
            with start_server() as (address, _server):
                open_page(browser, address)
                starts.append(perf_counter() - begin)
        with start_server() as (address, server):
            page = open_page(browser, address, epochs=EPOCHS, seed=UNUSED_SEED)
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
