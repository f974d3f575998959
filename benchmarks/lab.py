"""Measure the time from moving a slider in the Dropout lab to the new result, in Chromium and with shipped weights.

usage: python -m benchmarks.lab [MOVES]
"""

import json
import sys

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.machine import describe_machine
from benchmarks.server import launch_browser, open_page, start_server

# For each slider, its experiment and the element that it changes.
SLIDERS = {
    "averaging_averaged": ("averaging", "averaged_answer"),
    "uncertainty_rotation": ("uncertainty", "uncertainty_input"),
    "co-adaptation_removed": ("co-adaptation", "pruning_text"),
    "bad-pictures_severity": ("bad-pictures", "bad_pictures_text"),
    "small_kept": ("small", "small_text"),
    "doubt-over-data_images": ("doubt-over-data", "doubt_text"),
}

# Records when a key is pressed, and when the watched element changes next.
WATCH = """
watched => {
    const show = () => {
        const box = document.querySelector(`.st-key-${watched}`);
        return box.textContent + [...box.querySelectorAll("img")].map(image => image.src).join();
    };
    window.times = [];
    window.pressed = null;
    let shown = show();
    addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
    window.observer?.disconnect();
    window.observer = new MutationObserver(() => {
        const now = show();
        if (now !== shown && window.pressed !== null) {
            window.times.push(performance.now() - window.pressed);
            window.pressed = null;
        }
        shown = now;
    });
    window.observer.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
}
"""


def measure(page: Page, slider: str, watched: str, moves: int) -> dict[str, float]:
    """Return median and 95th percentile over this many moves, back and forth, in milliseconds."""
    page.evaluate(WATCH, watched)
    handle = page.locator(f".st-key-{slider}").get_by_role("slider")
    handle.focus()
    for number in range(moves + 2):
        before = page.evaluate("times.length")
        handle.press("ArrowLeft" if number % 2 else "ArrowRight")
        page.wait_for_function(f"times.length > {before}", timeout=30_000)
        # The rest of the section follows the watched element.
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    p50, p95 = np.percentile(page.evaluate("times")[2:], [50, 95])
    return {"p50_ms": p50, "p95_ms": p95}


def main(moves: int) -> None:
    """Print a table, and the same as JSON."""
    with sync_playwright() as playwright, start_server() as (address, _server):
        browser = launch_browser(playwright)
        page = open_page(browser, address)
        rows = {}
        for slider, (experiment, watched) in SLIDERS.items():
            page.goto(f"{address}/lab?experiment={experiment}&digit=test&image=0")
            page.locator(".st-key-skip_prediction button").click()
            page.locator(".st-key-lab_part_verdict").wait_for()
            rows[slider] = measure(page, slider, watched, moves)
        browser.close()
    print(f"| from slider to result, {moves} moves | p50 ms | p95 ms |\n| --- | --- | --- |")
    for name, row in rows.items():
        print(f"| {name} | {row['p50_ms']:.0f} | {row['p95_ms']:.0f} |")
    print(json.dumps({"machine": describe_machine(), **rows}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
