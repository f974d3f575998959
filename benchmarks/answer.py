"""Measure the live panel: how fast it answers, and how well its answers agree with Python's.

On the page, in Chromium: the time from a pointer event to the painted answer and layers, while the server is idle,
while it trains, and with the processor slowed four times. On an empty page: the difference of the probabilities for all
test images, and the digits for handwritten digits that are drawn with pointer events.

usage: python -m benchmarks.answer [STROKES [DRAWINGS]]
"""

import base64
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.machine import describe_machine
from benchmarks.server import launch_browser, open_page, start_server
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import DEFAULT_NAME, SHIPPED_NAMES, SUFFIX, weights_folder
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.data.pen_strokes import CANVAS_SIZE, draw_on_canvas, load_pen_digits, render_split
from dropout_mnist.evaluation import compute_logits
from dropout_mnist.live.source import script
from dropout_mnist.live.weights import pack

EPOCHS, UNUSED_SEED = 100, 4711
SLOWDOWN = 4
BATCH = 500
TOLERANCE = 0.001

# Records the time from each pointer event to the end of the frame that it changes. The panel asks for the same frame,
# and the message is handled after the frame was painted.
WATCH = """
window.times = [];
addEventListener("pointermove", event => {
    if (!(event.buttons & 1)) return;
    requestAnimationFrame(() => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = () => times.push(performance.now() - event.timeStamp);
        port2.postMessage(null);
    });
}, true);
"""

# Everything that the panel is made of, without the panel.
FUNCTIONS = f"""{script()}
Object.assign(window, {{readNetwork, rasterise, forward, recordPen}});
window.decode = text => Uint8Array.from(atob(text), byte => byte.charCodeAt(0));
"""

ANSWER_IMAGES = """text => {
    const pixels = decode(text), count = pixels.length / 784;
    return Array.from({length: count}, (_, number) =>
        Array.from(forward(network, pixels.subarray(784 * number, 784 * (number + 1))).probs));
}"""

# Draws digits on the canvas, each a list of strokes, a list of points.
DRAW_DIGITS = """digits => {
    const canvas = document.querySelector("canvas");
    return digits.map(strokes => {
        let drawn = [];
        const recorder = recordPen(event => event.target === canvas && canvas, () => 20, report => { drawn = report; });
        for (const points of strokes) {
            points.forEach(([clientX, clientY], index) => canvas.dispatchEvent(new PointerEvent(
                index ? "pointermove" : "pointerdown",
                {clientX, clientY, buttons: 1, isPrimary: true, pointerType: "mouse", bubbles: true})));
            canvas.dispatchEvent(new PointerEvent("pointerup", {pointerType: "mouse", bubbles: true}));
        }
        recorder.stop();
        const {probs} = forward(network, rasterise(drawn));
        return probs.indexOf(Math.max(...probs));
    });
}"""


def draw(page: Page) -> None:
    """Draw a crooked line somewhere, and clear the canvas."""
    # Playwright would scroll the canvas just into view, under the page's header.
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    box = page.locator(".st-key-canvas").bounding_box()
    assert box is not None
    side = box["width"]
    places = [
        (box["x"] + side * random.uniform(0.1, 0.9), box["y"] + side * random.uniform(0.1, 0.9)) for _ in range(5)
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.get_by_test_id("live-digit").wait_for()
    page.mouse.up()
    page.locator(".st-key-clear button").click()
    page.get_by_test_id("live-digit").wait_for(state="hidden")


def measure_page(page: Page, drawings: int) -> dict[str, float]:
    """Return percentiles over the pointer events of this many drawings, in milliseconds."""
    for _ in range(2):
        draw(page)
    page.evaluate("times.splice(0)")  # the first ones include compilation
    for _ in range(drawings):
        draw(page)
    times = page.evaluate("times")
    p50, p95, slowest = np.percentile(times, [50, 95, 100])
    return {"events": len(times), "p50_ms": p50, "p95_ms": p95, "slowest_ms": slowest}


def measure_speed(browser: Browser, address: str, drawings: int) -> dict[str, dict[str, float]]:
    """Return the times on the page, in milliseconds."""
    page = open_page(browser, address, epochs=EPOCHS, seed=UNUSED_SEED)
    page.locator(".st-key-test_accuracy").wait_for()
    page.evaluate(WATCH)
    rows = {"server idle": measure_page(page, drawings)}
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    rows[f"processor slowed {SLOWDOWN} times"] = measure_page(page, drawings)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.locator(".st-key-train button").click()
    page.locator(".st-key-training").get_by_text("images/s").first.wait_for()
    rows["server training"] = measure_page(page, drawings)
    page.locator(".st-key-stop button").click()
    page.close()
    return rows


def open_functions(browser: Browser, name: str) -> tuple[Page, Checkpoint, int]:
    """Open an empty page with a network; return also its checkpoint, and the bytes of its packed weights."""
    path = weights_folder() / (name + SUFFIX)
    packed = pack(path.read_bytes())
    page = browser.new_page(viewport={"width": 800, "height": 600})
    page.set_content(
        f"<style>body {{margin: 0}}</style><canvas width={CANVAS_SIZE} height={CANVAS_SIZE}></canvas>"
        f"<script type=module>{FUNCTIONS}</script>"
    )
    page.wait_for_function("'recordPen' in window")
    page.evaluate("text => { window.network = readNetwork(decode(text)); }", base64.b64encode(packed).decode())
    return page, Checkpoint.load(path), len(packed)


def compare_probabilities(browser: Browser, name: str) -> dict[str, float]:
    """Compare the answers of the page with Python's for all test images."""
    page, checkpoint, size = open_functions(browser, name)
    pixels = load_dataset("mnist").test.pixels
    expected = compute_logits(checkpoint.model, pixels).softmax(dim=1)
    texts = (base64.b64encode(chunk.numpy().tobytes()).decode() for chunk in pixels.split(BATCH))
    seen = torch.tensor([probs for text in texts for probs in page.evaluate(ANSWER_IMAGES, text)])
    page.close()
    first, second = expected.topk(2).values.T
    differ = (seen.argmax(dim=1) != expected.argmax(dim=1)) & (first - second > TOLERANCE)
    return {
        "images": len(pixels),
        "largest difference": float((seen - expected).abs().max()),
        "other digits where the top two differ by more": int(differ.sum()),
        "bytes of weights": size,
    }


def compare_strokes(browser: Browser, strokes: Path) -> dict[str, float]:
    """Compare the digits of handwritten digits that are drawn on the page with those of `evaluate --strokes`."""
    page, checkpoint, _ = open_functions(browser, DEFAULT_NAME)
    digits = load_pen_digits(strokes)
    expected = compute_logits(checkpoint.model, render_split(digits).pixels).argmax(dim=1)
    generator = np.random.default_rng(0)
    drawings = [draw_on_canvas(digit, generator) for digit in digits]
    # The pen was where a path begins, at the control points of its curves, and where it ends.
    points = [[[command[1:3] for command in path["path"]] for path in drawing] for drawing in drawings]
    seen: list[int] = []
    for start in range(0, len(points), BATCH):
        seen += page.evaluate(DRAW_DIGITS, points[start : start + BATCH])
    page.close()
    return {"drawings": len(digits), "same digit": int((torch.tensor(seen) == expected).sum())}


def main(strokes: Path | None, drawings: int) -> None:
    """Print a table, and the same as JSON."""
    with sync_playwright() as playwright, start_server() as (address, _server):
        browser = launch_browser(playwright)
        speed = measure_speed(browser, address, drawings)
        answers = {name: compare_probabilities(browser, name) for name in SHIPPED_NAMES}
        drawn: dict[str, Any] = compare_strokes(browser, strokes) if strokes else {}
        browser.close()
    print(
        "| from a pointer event to the painted answer | events | p50 ms | p95 ms | slowest ms |\n" + "| --- " * 5 + "|"
    )
    for name, row in speed.items():
        print(f"| {name} | {row['events']} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} | {row['slowest_ms']:.1f} |")
    print("\n| weights | bytes | largest difference of a probability | other digits |\n" + "| --- " * 4 + "|")
    for name, row in answers.items():
        difference, others = row["largest difference"], row["other digits where the top two differ by more"]
        print(f"| {name} | {row['bytes of weights']:,} | {difference:.5f} | {others} of {row['images']:,} |")
    if drawn:
        print(f"\n{drawn['same digit']:,} of {drawn['drawings']:,} drawings are the same digit as in Python")
    print(json.dumps({"machine": describe_machine(), "speed": speed, "answers": answers, "strokes": drawn}))


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else None,
        int(sys.argv[2]) if len(sys.argv) > 2 else 60,
    )
