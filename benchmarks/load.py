"""Simulate a class that draws during a training run: thirty visitors, most of them WebSocket clients.

The clients speak Streamlit's protocol. They arrive within the first twenty seconds at a server that has just started,
where a page can be used once it has the canvas, the live panel and the weights. Each client draws a handwritten digit
every few seconds, as the canvas would report it, and waits until the server has taken it. The clients poll like
browsers. The other visitors are pages in Chromium, where the time from pointer event to answer is measured. One
additional visitor trains, and continues when all others are gone. Errors, lost drawings and the server's memory
are recorded, too.

usage: python -m benchmarks.load STROKES [VISITORS [MINUTES [PAGES]]]
"""

import asyncio
import base64
import io
import json
import random
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import psutil
from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.answer import WATCH, draw
from benchmarks.machine import describe_machine
from benchmarks.server import launch_browser, open_page, start_server
from dropout_mnist.data.pen_strokes import PenDigit, draw_on_canvas, load_pen_digits
from dropout_mnist.preprocessing.fabricjs import Stroke, read_path

# All in seconds. Visitors arrive within this time, draw at this interval, and wait this long for an answer.
ARRIVALS = 20.0
PAUSE = 3.0
PATIENCE = 30.0
# The interval between readings of the server's memory.
MEMORY_EVERY = 5.0
# How long the training continues alone.
ALONE = 60.0

# What a page needs before it answers drawings.
USABLE = {"canvas_widget", "live_code", "live_panel", "live_input", "live_model"}


@dataclass
class Figures:
    """The measurements of all visitors together."""

    arrivals: list[float] = field(default_factory=list)
    usable: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    browser_seconds: list[float] = field(default_factory=list)
    lost: int = 0
    polls: int = 0
    # The number of the epoch that is being trained, each time it is reported, and when.
    epochs: list[tuple[float, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)


class Visitor:
    """One open page.

    Attributes:
        is_paused: whether the page is open but does not ask for news.
    """

    is_paused = False

    def __init__(self, socket: ClientConnection, figures: Figures) -> None:
        self.socket, self.figures = socket, figures
        self.page = ""
        # By a widget's key: its id and its fragment's id, and its state.
        self.widgets: dict[str, tuple[str, str]] = {}
        self.states: dict[str, dict[str, Any]] = {}
        # By the id of a fragment that reruns by itself: the interval in seconds.
        self.polled: dict[str, float] = {}
        self.begin = monotonic()
        self.complete = asyncio.Event()
        # What is sent after a drawing was taken.
        self.taken = asyncio.Event()

    async def send(self, query: str = "", fragment: str = "", poll: bool = False, **trigger: dict[str, Any]) -> None:
        """Request a run of the page or of one fragment."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = poll
        for key, state in (self.states | trigger).items():
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id = self.widgets[key][0]
            for kind, value in state.items():
                setattr(widget, kind, value)
        await self.socket.send(message.SerializeToString())

    async def listen(self) -> None:
        """Process the server's messages."""
        async for data in self.socket:
            message = ForwardMsg()
            message.ParseFromString(data)
            self._take(message)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.page = message.new_session.page_script_hash
        elif kind == "auto_rerun":
            self.polled[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self.polled.pop(fragment, None)
        elif kind == "script_finished":
            self.complete.set()
        elif kind == "delta" and message.delta.HasField("new_element"):
            element = message.delta.new_element
            content = getattr(element, str(element.WhichOneof("type")))
            if element.HasField("exception"):
                self.figures.errors.append(element.exception.message)
            if (widget_id := getattr(content, "id", "")).startswith("$$ID-"):
                self._note(widget_id.split("-", 2)[2], widget_id, message.delta.fragment_id)
            if epoch := re.match(r"Epoch (\d+) of", element.progress.text):
                self.figures.epochs.append((monotonic(), int(epoch[1])))

    def _note(self, key: str, widget_id: str, fragment: str) -> None:
        was_usable = set(self.widgets) >= USABLE
        self.widgets[key] = (widget_id, fragment)
        if not was_usable and set(self.widgets) >= USABLE:
            self.figures.usable.append(monotonic() - self.begin)
        if key == "live_input":
            self.taken.set()

    async def poll(self) -> None:
        """Request the runs of fragments that rerun by themselves."""
        last: dict[str, float] = {}
        while True:
            await asyncio.sleep(0.1)
            for fragment, seconds in list(self.polled.items()):
                if monotonic() - last.get(fragment, 0) >= seconds:
                    last[fragment] = monotonic()
                    if not self.is_paused:
                        await self.send(fragment=fragment, poll=True)
                        self.figures.polls += 1

    async def draw(self, digit: PenDigit) -> None:
        """Report a drawing and wait until the server has taken it."""
        paths = draw_on_canvas(digit, np.random.default_rng())
        strokes = [read_path(path) for path in paths]
        drawing = {"drawing": {"raw": {"objects": paths}, "data": canvas_image(strokes)}, "backgroundFit": None}
        self.states["canvas_widget"] = {"json_value": json.dumps(drawing)}
        self.taken.clear()
        begin = monotonic()
        await self.send(fragment=self.widgets["canvas_widget"][1])
        try:
            async with asyncio.timeout(PATIENCE):
                await self.taken.wait()
            self.figures.seconds.append(monotonic() - begin)
        except TimeoutError:
            self.figures.lost += 1


@asynccontextmanager
async def open_socket(
    address: str, figures: Figures, query: str = "", kind: type[Visitor] = Visitor
) -> AsyncIterator[Any]:
    """Open the page without a browser, wait until it is complete, and keep it alive."""
    async with connect(f"{address.replace('http', 'ws')}/_stcore/stream", max_size=None) as socket:
        visitor = kind(socket, figures)
        begin = monotonic()
        tasks = [asyncio.create_task(visitor.listen()), asyncio.create_task(visitor.poll())]
        await visitor.send(query)
        await visitor.complete.wait()
        figures.arrivals.append(monotonic() - begin)
        yield visitor
        for task in tasks:
            task.cancel()


def canvas_image(strokes: list[Stroke]) -> str:
    """Return the image that the canvas sends together with the strokes."""
    image = Image.new("RGBA", (280, 312), "black")
    for stroke in strokes:
        ImageDraw.Draw(image).line([tuple(point) for point in stroke.points], fill="white", width=20, joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


async def visit(address: str, digits: list[PenDigit], figures: Figures, end: float) -> None:
    """Arrive, and draw until the end."""
    await asyncio.sleep(random.uniform(0, ARRIVALS))
    async with open_socket(address, figures) as visitor:
        while monotonic() < end:
            begin = monotonic()
            await visitor.draw(random.choice(digits))
            await asyncio.sleep(max(0.0, begin + PAUSE - monotonic()))


async def train(address: str, figures: Figures, end: float) -> None:
    """Train until the end, and follow the progress."""
    query = "epochs=1000&seed=4711"
    async with open_socket(address, figures, query) as visitor:
        await visitor.send(query, visitor.widgets["train"][1], train={"trigger_value": True})
        await asyncio.sleep(end - monotonic())


def visit_in_browser(address: str, pages: int, figures: Figures, end: float) -> None:
    """Open pages in Chromium, and draw on each in turn until the end."""
    with sync_playwright() as playwright:
        browser = launch_browser(playwright)
        opened = [open_page(browser, address) for _ in range(pages)]
        for page in opened:
            page.evaluate(WATCH)
        while monotonic() < end:
            begin = monotonic()
            for page in opened:
                draw(page)
            sleep(max(0.0, begin + PAUSE - monotonic()))
        for page in opened:
            figures.browser_seconds += [milliseconds / 1000 for milliseconds in page.evaluate("times")]
            figures.errors += page.get_by_test_id("stException").all_inner_texts()
        browser.close()


async def watch_memory(server: psutil.Process, figures: Figures, end: float) -> None:
    """Record the server's memory in MB every few seconds."""
    begin = monotonic()
    while monotonic() < end:
        figures.memory.append((monotonic() - begin, server.memory_info().rss / 1e6))
        await asyncio.sleep(MEMORY_EVERY)


async def measure(
    address: str, server: psutil.Process, strokes: Path, visitors: int, minutes: float, pages: int
) -> Figures:
    """Run all visitors until the end and return their measurements."""
    digits = load_pen_digits(strokes)
    figures = Figures()
    end = monotonic() + minutes * 60
    await asyncio.gather(
        train(address, figures, end + ALONE),
        watch_memory(server, figures, end),
        asyncio.to_thread(visit_in_browser, address, pages, figures, end),
        *(visit(address, digits, figures, end) for _ in range(visitors - pages)),
    )
    return figures


def epochs_per_minute(epochs: list[tuple[float, int]], start: float, end: float) -> float:
    """Return how fast the training was between two times, in seconds after its first report."""
    within = [(when, epoch) for when, epoch in epochs if start <= when - epochs[0][0] <= end]
    if len(within) < 2:
        return 0.0
    (first, low), (last, high) = within[0], within[-1]
    return 60 * (high - low) / (last - first)


def main(strokes: Path, visitors: int, minutes: float, pages: int) -> None:
    """Print a table, and the same as JSON."""
    with start_server() as (address, server):
        while not any(connection.status == psutil.CONN_LISTEN for connection in server.net_connections()):
            pass
        figures = asyncio.run(measure(address, server, strokes, visitors, minutes, pages))
    late = np.array([row for row in figures.memory if row[0] > 60] or figures.memory)
    slope = float(np.polyfit(late[:, 0] / 60, late[:, 1], 1)[0]) if len(late) > 1 else 0.0
    result: dict[str, Any] = {
        "visitors": visitors,
        "visitors in Chromium": pages,
        "minutes": minutes,
        "drawings of the clients": len(figures.seconds),
        "lost drawings": figures.lost,
        "errors": len(figures.errors),
        "polls": figures.polls,
        "epochs per minute": epochs_per_minute(figures.epochs, 0, minutes * 60),
        "epochs per minute, alone": epochs_per_minute(figures.epochs, minutes * 60, minutes * 60 + ALONE),
    }
    for name, seconds in (
        ("until canvas and panel can be used", figures.usable),
        ("until the page is complete", figures.arrivals),
        ("until a drawing is taken", figures.seconds),
        ("pointer event to answer, in Chromium", figures.browser_seconds),
    ):
        if seconds:
            p50, p95, slowest = np.percentile(seconds, [50, 95, 100])
            result |= {f"{name}, p50 s": p50, f"{name}, p95 s": p95, f"{name}, slowest s": slowest}
    result |= {
        "memory after one minute, MB": late[0, 1],
        "memory at the end, MB": late[-1, 1],
        "memory growth after the first minute, MB per minute": slope,
    }
    print("| figure | value |\n| --- | --- |")
    for name, value in result.items():
        print(f"| {name} | {value:,.2f} |" if isinstance(value, float) else f"| {name} | {value:,} |")
    print(*figures.errors[:3], sep="\n")
    print(json.dumps({"machine": describe_machine(), **result}))


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 30,
        float(sys.argv[3]) if len(sys.argv) > 3 else 5,
        int(sys.argv[4]) if len(sys.argv) > 4 else 2,
    )
