"""Measure the page from outside: time to a canvas that can be drawn on, and the server's memory.

Each round starts `streamlit run app.py` anew and visits it twice with the same Chromium; in turn with it, the import
that no start can do without is timed alone. Then imports are timed one after the other, and one server is opened by
more and more tabs and at last trains the notebook's recipe for a few epochs. Needs MNIST, and Chromium.

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
# In the order in which a page needs them, and what for.
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
    """Watch a process' resident memory until told to stop."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.peak, self.done = process, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.05):
            self.peak = max(self.peak, self.process.memory_info().rss)


def measure_starts(browser: Browser, rounds: int) -> dict[str, float]:
    """Return medians, in seconds, of a start to the first and the second visit's canvas, and of the bare import."""
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
    # The first round warms the files.
    ratios = [first / alone for first, alone in zip(firsts[1:], imports[1:], strict=True)]
    return {
        "start to canvas, s": statistics.median(firsts[1:]),
        f"`{IMPORTS}` alone, s": statistics.median(imports[1:]),
        "ratio of the two": statistics.median(ratios),
        "same visitor's second visit to canvas, s": statistics.median(seconds[1:]),
    }


def measure_imports() -> dict[str, float]:
    """Return the seconds that each library adds to those imported before it, and what needs it."""
    code = "; ".join(f"import {name}" for name in LIBRARIES)
    report = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], check=True, capture_output=True, text=True
    )
    # "import time: self | cumulative | name", indented where another import asked for it.
    outermost = re.findall(r"^import time: +\d+ \| +(\d+) \| (\S+)$", report.stderr, re.MULTILINE)
    shares = dict.fromkeys(LIBRARIES, 0.0)
    for microseconds, module in outermost:
        for name in LIBRARIES:
            if module in (name, name.partition(".")[0]):
                shares[name] += int(microseconds) / 1e6
    return {f"import {name}, for {LIBRARIES[name]}, s": seconds for name, seconds in shares.items()}


def measure_memory(browser: Browser) -> dict[str, float]:
    """Return the server's resident memory in MB."""
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
        f"each further session, {fewest} to {fewer}, MB": (memory[fewer] - memory[fewest]) / (fewer - fewest),
        f"each further session, {fewer} to {most}, MB": (memory[most] - memory[fewer]) / (most - fewer),
        "training's peak above idle, MB": watch.peak / 1e6 - idle,
    }


def main(rounds: int) -> None:
    """Print the table, and the same as JSON."""
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
