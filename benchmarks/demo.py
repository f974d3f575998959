"""Draw `docs/playground.webp`, the moving picture in the README: a digit is drawn, and then dropout is switched on.

usage: python -m benchmarks.demo
"""

import io
from collections.abc import Iterator
from itertools import pairwise

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.server import ROOT, launch_browser, open_page, start_server

WIDTH, HEIGHT = 1280, 700
SCALE = 0.7
FRAME_MILLISECONDS = 110
# A 4 of two strokes, as shares of the canvas; the first one alone could become several digits.
STROKES = (
    ((0.42, 0.12), (0.36, 0.3), (0.28, 0.52), (0.5, 0.52), (0.74, 0.5)),
    ((0.62, 0.22), (0.6, 0.5), (0.58, 0.88)),
)
STEPS = 4
MASKS = 14


def draw(page: Page) -> Iterator[bytes]:
    """Draw the digit, then let dropout draw masks, yielding a screenshot after each step."""
    canvas = page.locator(".st-key-canvas").bounding_box()
    assert canvas is not None
    for stroke in STROKES:
        points = [(canvas["x"] + x * canvas["width"], canvas["y"] + y * canvas["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for (x0, y0), (x1, y1) in pairwise(points):
            for step in range(1, STEPS + 1):
                page.mouse.move(x0 + (x1 - x0) * step / STEPS, y0 + (y1 - y0) * step / STEPS)
                page.wait_for_timeout(30)
                yield page.screenshot()
        page.mouse.up()
    for _ in range(6):
        yield page.screenshot()
    page.get_by_text("Dropout", exact=True).locator("visible=true").first.click()
    for _ in range(MASKS):
        page.wait_for_timeout(350)
        yield page.screenshot()


def main() -> None:
    """Write the picture."""
    with sync_playwright() as playwright, start_server() as (address, _server):
        context = launch_browser(playwright).new_context(viewport={"width": WIDTH, "height": HEIGHT})
        page = open_page(context, address)
        page.get_by_text("Does dropout help?").wait_for()
        page.wait_for_timeout(5_000)  # until everything has its place
        shots = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in draw(page)]
    size = (round(WIDTH * SCALE), round(HEIGHT * SCALE))
    frames = [shot.resize(size, Image.Resampling.LANCZOS) for shot in shots]
    target = ROOT / "docs" / "playground.webp"
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=FRAME_MILLISECONDS, loop=0, quality=70, method=6
    )
    print(f"{target.relative_to(ROOT)}: {len(frames)} frames, {target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
