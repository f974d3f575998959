"""Measure the time from a drawing to its answer, on the page and within the process.

On the page: in Chromium, from lifting the pen to the answer, while the server is idle and while it trains. The canvas
component itself waits 200 ms before it sends. Within the process: from what the canvas reports to ten probabilities,
on one core.

usage: python -m benchmarks.answer [DRAWINGS]
"""

import json
import random
import statistics
import sys
from time import perf_counter

import numpy as np
import torch
from playwright.sync_api import Page, sync_playwright

from benchmarks.machine import describe_machine
from benchmarks.server import launch_browser, open_page, start_server
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import DEFAULT_NAME, SUFFIX, weights_folder
from dropout_mnist.evaluation import predict_batch
from dropout_mnist.preprocessing.drawing import read_canvas, read_strokes
from dropout_mnist.preprocessing.fabricjs import make_path, read_path
from dropout_mnist.shapes import INPUT_SIZE

EPOCHS, UNUSED_SEED = 100, 4711
IN_PROCESS_ROUNDS = 300

# Records when the pen is lifted, and when the image of the network's input changes next: it comes with the answer.
WATCH = """
const seen = () => document.querySelector(".st-key-network_input img")?.src ?? null;
window.shown = null;
window.times = [];
addEventListener("pointerup", () => { window.lifted = performance.now(); }, true);
new MutationObserver(() => {
    const now = seen();
    if (now !== null && now !== window.shown && window.lifted !== null) {
        window.times.push(performance.now() - window.lifted);
        window.lifted = null;
    }
    window.shown = now;
}).observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ["src"]});
window.lifted = null;
"""

HAS_INK = """canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, index) => index % 4 !== 3 && value !== 0);
}"""


def draw(page: Page) -> None:
    """Draw a crooked line somewhere, wait for its answer, and clear the canvas."""
    # Playwright would scroll the canvas just into view, under the page's header.
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    box = page.locator(".st-key-canvas").bounding_box()
    assert box is not None
    before = page.evaluate("times.length")
    places = [(box["x"] + random.uniform(20, 260), box["y"] + random.uniform(20, 260)) for _ in range(5)]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.wait_for_function(f"times.length > {before}", timeout=30_000)
    page.locator(".st-key-clear button").click()
    page.locator(".st-key-network_input").wait_for(state="detached")
    while page.locator(".st-key-canvas canvas").first.evaluate(HAS_INK):
        pass  # the canvas clears itself a moment later


def measure_page(page: Page, drawings: int) -> dict[str, float]:
    """Return median and 95th percentile over this many drawings, in milliseconds."""
    for _ in range(drawings + 2):
        draw(page)
    return summarize(page.evaluate("times.splice(0)")[2:])  # the first ones include loading


def measure_in_process() -> dict[str, dict[str, float]]:
    """Return the same from report to probabilities, for strokes and for an image of the canvas."""
    torch.set_num_threads(1)
    model = Checkpoint.load(weights_folder() / (DEFAULT_NAME + SUFFIX)).model
    generator = np.random.default_rng(0)
    turns = np.linspace(0, 4 * np.pi, 60)
    points = np.stack([140 + 60 * np.sin(turns), 140 + 90 * np.cos(turns / 2)], axis=1)
    reports = [[make_path(points + generator.normal(0, 2, points.shape), 20)] for _ in range(IN_PROCESS_ROUNDS)]
    image = np.zeros((280, 280, 4), np.uint8)
    image[..., 3] = 255
    image[60:220, 130:150, :3] = 255
    strokes, images = [], []
    for report in reports:
        begin = perf_counter()
        pixels = read_strokes([read_path(path) for path in report])
        assert pixels is not None
        predict_batch(model, torch.from_numpy(pixels).reshape(1, INPUT_SIZE))
        strokes.append((perf_counter() - begin) * 1000)
        begin = perf_counter()
        pixels = read_canvas(image)
        assert pixels is not None
        predict_batch(model, torch.from_numpy(pixels).reshape(1, INPUT_SIZE))
        images.append((perf_counter() - begin) * 1000)
    return {"in process, strokes": summarize(strokes[10:]), "in process, image": summarize(images[10:])}


def summarize(milliseconds: list[float]) -> dict[str, float]:
    """Return median and 95th percentile, in milliseconds."""
    return {"p50_ms": statistics.median(milliseconds), "p95_ms": float(np.percentile(milliseconds, 95))}


def main(drawings: int) -> None:
    """Print a table, and the same as JSON."""
    rows = {}
    with sync_playwright() as playwright, start_server() as (address, _server):
        browser = launch_browser(playwright)
        page = open_page(browser, address, epochs=EPOCHS, seed=UNUSED_SEED)
        page.locator(".st-key-random_sample").wait_for()
        page.evaluate(WATCH)
        rows["page, server idle"] = measure_page(page, drawings)
        page.locator(".st-key-train button").click()
        page.locator(".st-key-training").get_by_text("images/s").wait_for()
        rows["page, server training"] = measure_page(page, drawings)
        page.locator(".st-key-stop button").click()
        browser.close()
    rows |= measure_in_process()
    print(f"| from drawing to answer, {drawings} drawings | p50 ms | p95 ms |\n| --- | --- | --- |")
    for name, row in rows.items():
        print(f"| {name} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} |")
    print(json.dumps({"machine": describe_machine(), **rows}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
