"""Measure the time from `streamlit run` to a canvas that can be drawn on, and the server's memory.

Each round first times the imports that every start needs, alone. Then it starts the server and visits it twice with the
same browser. After the rounds, each library's import is timed. At last one server is opened in more and more tabs, and
then trains the notebook's recipe for a few epochs. It needs MNIST and Chromium.

usage: python -m benchmarks.startup [ROUNDS]
"""

import json
import re
import statistics
import subprocess
import sys
import threading
from time import perf_counter

import psutil
from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import describe_machine
from benchmarks.server import launch_browser, open_page, start_server

IMPORTS = "import torch, streamlit"
# In the order in which a page needs them, with the purpose.
LIBRARIES = {
    "streamlit": "the server",
    "PIL.ImageDraw": "the canvas",
    "torch": "a model",
    "altair": "an answer",
    "torchvision.datasets": "MNIST",
}
SESSIONS = (1, 10, 50)
EPOCHS, UNUSED_SEED = 3, 4711


class PeakMemory(threading.Thread):
    """Track the maximum of a process's resident memory until `done` is set."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.peak, self.done = process, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.05):
            self.peak = max(self.peak, self.process.memory_info().rss)


def measure_starts(browser: Browser, rounds: int) -> dict[str, float]:
    """Return median seconds to the canvas of the first and second visit, and of the imports alone."""
    firsts, seconds, imports = [], [], []
    for _ in range(rounds + 1):
        begin = perf_counter()
        subprocess.run([sys.executable, "-c", IMPORTS], check=True)
        imports.append(perf_counter() - begin)
        begin = perf_counter()
        with start_server() as (address, _server):
            visitor = browser.new_context()
            page = open_page(visitor, address)
            firsts.append(perf_counter() - begin)
            page.locator(".st-key-random_sample").wait_for()
            page.close()
            begin = perf_counter()
            open_page(visitor, address)
            seconds.append(perf_counter() - begin)
    # The first round warms the file cache.
    ratios = [first / alone for first, alone in zip(firsts[1:], imports[1:], strict=True)]
    return {
        "start to canvas, s": statistics.median(firsts[1:]),
        f"`{IMPORTS}` alone, s": statistics.median(imports[1:]),
        "ratio of the two": statistics.median(ratios),
        "second visit of the same visitor to canvas, s": statistics.median(seconds[1:]),
    }


def measure_imports() -> dict[str, float]:
    """Return the seconds that each library's import adds to the previous ones."""
    code = "; ".join(f"import {name}" for name in LIBRARIES)
    report = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], check=True, capture_output=True, text=True
    )
    # "import time: self | cumulative | name"; a module that another one imports is indented.
    outermost = re.findall(r"^import time: +\d+ \| +(\d+) \| (\S+)$", report.stderr, re.MULTILINE)
    shares = dict.fromkeys(LIBRARIES, 0.0)
    for microseconds, module in outermost:
        for name in LIBRARIES:
            if module in (name, name.partition(".")[0]):
                shares[name] += int(microseconds) / 1e6
    return {f"import {name}, for {LIBRARIES[name]}, s": seconds for name, seconds in shares.items()}


def measure_memory(browser: Browser) -> dict[str, float]:
    """Return the server's resident memory in MB, with several numbers of sessions and while it trains."""
    memory = {}
    with start_server() as (address, server):
        page = open_page(browser, address, epochs=EPOCHS, seed=UNUSED_SEED)
        page.locator(".st-key-random_sample").wait_for()
        tabs = [page]
        for count in SESSIONS:
            while len(tabs) < count:
                tabs.append(open_page(browser, address))
                tabs[-1].locator(".st-key-random_sample").wait_for()
            memory[count] = server.memory_info().rss / 1e6
        for tab in tabs[1:]:
            tab.close()
        watch = PeakMemory(server)
        idle = server.memory_info().rss / 1e6
        watch.start()
        page.locator(".st-key-train button").click()
        page.locator(".st-key-training").get_by_text("is trained").wait_for(timeout=600_000)
        watch.done.set()
        watch.join()
    fewest, *_, fewer, most = SESSIONS
    return {
        **{f"server, {count} open sessions, MB": value for count, value in memory.items()},
        f"each additional session, {fewest} to {fewer}, MB": (memory[fewer] - memory[fewest]) / (fewer - fewest),
        f"each additional session, {fewer} to {most}, MB": (memory[most] - memory[fewer]) / (most - fewer),
        "peak while training, above idle, MB": watch.peak / 1e6 - idle,
    }


def main(rounds: int) -> None:
    """Print a table, and the same as JSON."""
    with sync_playwright() as playwright:
        browser = launch_browser(playwright)
        result = measure_starts(browser, rounds) | measure_imports() | measure_memory(browser)
        browser.close()
    print(f"| figure, median of {rounds} | value |\n| --- | --- |")
    for name, value in result.items():
        print(f"| {name} | {value:.2f} |")
    print(json.dumps({"machine": describe_machine(), **result}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
