"""A class draws while a training runs: thirty WebSocket clients that speak Streamlit's protocol.

Each visitor draws one of the written digits every few seconds, as the canvas would report it, and waits for the
answer: the image of what the network sees, which no other drawing has. From the report to the answer is measured; the
canvas itself waits another 200 ms before it reports. One more visitor trains. Errors are counted, and drawings that
get no answer, and the server's memory is watched.

usage: python -m benchmarks.load STROKES [VISITORS [MINUTES]]
"""

import asyncio
import base64
import io
import json
import random
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import psutil
from PIL import Image, ImageDraw
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.machine import describe_machine
from benchmarks.server import start_server
from dropout_mnist.drawing import read_strokes
from dropout_mnist.fabric import Stroke, read_path
from dropout_mnist.stroke_set import WrittenDigit, draw_on_canvas, load_stroke_set
from dropout_mnist.ui.pictures import enlarged_url
from dropout_mnist.ui.train import POLL_SECONDS

PAUSE = 3.0
PATIENCE = 30.0
MEMORY_EVERY = 5.0


@dataclass
class Figures:
    """What all visitors met."""

    seconds: list[float] = field(default_factory=list)
    lost: int = 0
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)


class Visitor:
    """One open page."""

    def __init__(self, socket: ClientConnection, figures: Figures) -> None:
        self.socket, self.figures = socket, figures
        # Widget's key -> its id and its fragment's.
        self.widgets: dict[str, tuple[str, str]] = {}
        self.page = ""
        # The fragment that is to be run again and again.
        self.polled = ""

    async def send(self, query: str = "", fragment: str = "", **states: dict[str, Any]) -> None:
        """Ask for a run of the page, or of a fragment, with the states of some widgets."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.fragment_id = fragment
        for key, state in states.items():
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id = self.widgets[key][0]
            for kind, value in state.items():
                setattr(widget, kind, value)
        await self.socket.send(message.SerializeToString())

    async def receive(self) -> ForwardMsg:
        """Return the next message; note the widgets that it brings, and errors."""
        message = ForwardMsg()
        message.ParseFromString(await self.socket.recv())
        if message.HasField("new_session"):
            self.page = message.new_session.page_script_hash
        if message.HasField("auto_rerun"):
            self.polled = message.auto_rerun.fragment_id
        if message.HasField("delta") and message.delta.HasField("new_element"):
            element = message.delta.new_element
            kind = element.WhichOneof("type")
            if kind == "exception":
                self.figures.errors.append(element.exception.message)
            if (widget_id := getattr(getattr(element, kind), "id", "")).startswith("$$ID-"):
                self.widgets[widget_id.split("-", 2)[2]] = (widget_id, message.delta.fragment_id)
        return message

    async def arrive(self, query: str) -> None:
        """Open the page and wait until it is complete."""
        await self.send(query)
        while not (await self.receive()).HasField("script_finished"):
            pass

    async def draw(self, digit: WrittenDigit) -> None:
        """Report a drawing and wait for its answer."""
        paths = draw_on_canvas(digit, np.random.default_rng())
        strokes = [read_path(path) for path in paths]
        pixels = read_strokes(strokes)
        assert pixels is not None
        drawing = {"drawing": {"raw": {"objects": paths}, "data": canvas_image(strokes)}, "backgroundFit": None}
        begin = monotonic()
        await self.send(fragment=self.widgets["canvas_widget"][1], canvas_widget={"json_value": json.dumps(drawing)})
        wanted = enlarged_url(pixels, 5)
        try:
            async with asyncio.timeout(PATIENCE):
                while not self._shows(await self.receive(), wanted):
                    pass
            self.figures.seconds.append(monotonic() - begin)
        except TimeoutError:
            self.figures.lost += 1

    @staticmethod
    def _shows(message: ForwardMsg, url: str) -> bool:
        if not (message.HasField("delta") and message.delta.HasField("new_element")):
            return False
        return any(image.url == url for image in message.delta.new_element.imgs.imgs)


def canvas_image(strokes: list[Stroke]) -> str:
    """Return the image that the canvas sends beside the strokes."""
    image = Image.new("RGBA", (280, 312), "black")
    for stroke in strokes:
        ImageDraw.Draw(image).line([tuple(point) for point in stroke.points], fill="white", width=20, joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


async def visit(address: str, digits: list[WrittenDigit], figures: Figures, end: float) -> None:
    """Draw until the end."""
    async with connect(f"{address.replace('http', 'ws')}/_stcore/stream", max_size=None) as socket:
        visitor = Visitor(socket, figures)
        await visitor.arrive("")
        await asyncio.sleep(random.uniform(0, PAUSE))
        while monotonic() < end:
            begin = monotonic()
            await visitor.draw(random.choice(digits))
            await asyncio.sleep(max(0.0, begin + PAUSE - monotonic()))


async def train(address: str, figures: Figures, end: float) -> None:
    """Train until the end, and watch."""
    async with connect(f"{address.replace('http', 'ws')}/_stcore/stream", max_size=None) as socket:
        visitor = Visitor(socket, figures)
        await visitor.arrive("epochs=1000&seed=4711")
        await visitor.send("epochs=1000&seed=4711", visitor.widgets["train"][1], train={"trigger_value": True})
        while monotonic() < end:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    while True:
                        await visitor.receive()
            # The browser polls when it is told to.
            if visitor.polled:
                await visitor.send(fragment=visitor.polled)


async def watch_memory(server: psutil.Process, figures: Figures, end: float) -> None:
    """Note the server's memory in MB every few seconds."""
    begin = monotonic()
    while monotonic() < end:
        figures.memory.append((monotonic() - begin, server.memory_info().rss / 1e6))
        await asyncio.sleep(MEMORY_EVERY)


async def measure(address: str, server: psutil.Process, strokes: Path, visitors: int, minutes: float) -> Figures:
    """Let them all in."""
    digits = load_stroke_set(strokes)
    figures = Figures()
    end = monotonic() + minutes * 60
    await asyncio.gather(
        train(address, figures, end),
        watch_memory(server, figures, end),
        *(visit(address, digits, figures, end) for _ in range(visitors)),
    )
    return figures


def main(strokes: Path, visitors: int, minutes: float) -> None:
    """Print the figures, and the same as JSON."""
    with start_server() as (address, server):
        while not any(connection.status == psutil.CONN_LISTEN for connection in server.net_connections()):
            pass
        figures = asyncio.run(measure(address, server, strokes, visitors, minutes))
    late = np.array([row for row in figures.memory if row[0] > 60] or figures.memory)
    slope = float(np.polyfit(late[:, 0] / 60, late[:, 1], 1)[0]) if len(late) > 1 else 0.0
    result = {
        "visitors": visitors,
        "minutes": minutes,
        "answers": len(figures.seconds),
        "drawings without an answer": figures.lost,
        "errors": len(figures.errors),
        "p50 ms": float(np.percentile(figures.seconds, 50)) * 1000,
        "p95 ms": float(np.percentile(figures.seconds, 95)) * 1000,
        "slowest ms": max(figures.seconds) * 1000,
        "memory at the end, MB": float(late[-1, 1]),
        "its slope after the first minute, MB a minute": slope,
    }
    print("| figure | value |\n| --- | --- |")
    for name, value in result.items():
        print(f"| {name} | {value:,.1f} |" if isinstance(value, float) else f"| {name} | {value:,} |")
    print(*figures.errors[:3], sep="\n")
    print(json.dumps({"machine": describe_machine(), **result}))


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 30,
        float(sys.argv[3]) if len(sys.argv) > 3 else 5,
    )
