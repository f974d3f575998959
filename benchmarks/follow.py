"""Measure what a class that follows a run by its link costs the run.

One visitor trains and shares the run. In each round the epochs of a minute are timed without followers and then with
them; the ratio of the two speeds is taken within a round. Followers open the shared link through Streamlit's own
protocol and poll like browsers. They run on the same machine, so their own share of its processors is printed, too:
real followers bring their own. It counts as a cost here. The server's work besides its busiest thread, which trains, is
what its visitors cost; other work on the machine hardly changes it.

usage: python -m benchmarks.follow [FOLLOWERS [ROUNDS [SECONDS]]]
"""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from statistics import median
from time import monotonic, process_time
from urllib.parse import urlsplit

import numpy as np
import psutil
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

from benchmarks.load import Figures, Visitor, open_socket
from benchmarks.machine import describe_machine
from benchmarks.server import start_server, wait_for_server

# Short epochs, so that many end within a minute.
SETTINGS = "epochs=1000&train_size=10000&seed=4711"
# Followers arrive one after the other; then the server comes to rest. In seconds.
ARRIVE_EVERY = 0.2
REST = 5.0
PATIENCE = 120.0


class Lecturer(Visitor):
    """The visitor who trains, and sees when each epoch begins."""

    def __init__(self, socket: ClientConnection, figures: Figures) -> None:
        super().__init__(socket, figures)
        # The first time that each epoch was seen.
        self.epochs: dict[int, float] = {}
        self.link = ""

    def _take(self, message: ForwardMsg) -> None:
        super()._take(message)
        element = message.delta.new_element
        if epoch := re.search(r"Epoch (\d+) of", element.progress.text):
            self.epochs.setdefault(int(epoch[1]), monotonic())
        if "follow=" in element.code.code_text:
            self.link = element.code.code_text

    async def epochs_per_second(self, seconds: float) -> float:
        """Return the speed of the run in the next `seconds`, from the first to the last beginning of an epoch."""
        begin = monotonic()
        await asyncio.sleep(seconds)
        seen = sorted((time, epoch) for epoch, time in self.epochs.items() if time >= begin)
        if len(seen) < 2:
            raise RuntimeError(f"fewer than two epochs began within {seconds:g} s")
        (first, first_epoch), (last, last_epoch) = seen[0], seen[-1]
        return (last_epoch - first_epoch) / (last - first)


class Follower(Visitor):
    """A visitor who follows the run. Once the page polls, its messages are received but not read."""

    async def listen(self) -> None:
        """Process the server's messages until the page is complete, and let the rest pass."""
        async for data in self.socket:
            if not (self.complete.is_set() and self.polled):
                message = ForwardMsg()
                message.ParseFromString(data)
                self._take(message)


async def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    end = monotonic() + PATIENCE
    while not condition():
        if monotonic() > end:
            raise TimeoutError(f"timed out waiting until {what}")
        await asyncio.sleep(0.1)


def visitors_seconds(server: psutil.Process) -> float:
    """Return the processor time of a server without that of its busiest thread."""
    total = server.cpu_times()
    return total.user + total.system - max(thread.user_time + thread.system_time for thread in server.threads())


async def measure(
    address: str, server: psutil.Process, followers: int, rounds: int, seconds: float
) -> tuple[list[dict[str, float]], Figures]:
    """Return the figures of each round, and those of all pages together."""
    results, figures = [], Figures()
    async with open_socket(address, figures, SETTINGS, Lecturer) as lecturer:
        await lecturer.send(SETTINGS, lecturer.widgets["train"][1], train={"trigger_value": True})
        await wait_for(lambda: len(lecturer.epochs) > 1, "the run trains")
        await wait_for(lambda: "share" in lecturer.widgets, "the run can be shared")
        lecturer.states["share"] = {"bool_value": True}
        await wait_for(lambda: lecturer.link, "the run is shared")
        lecturer.states["share"] = {"bool_value": False}
        query = urlsplit(lecturer.link).query
        for _ in range(rounds):
            work = visitors_seconds(server)
            alone = await lecturer.epochs_per_second(seconds)
            work_alone = visitors_seconds(server) - work
            async with AsyncExitStack() as stack:
                for _ in range(followers):
                    await stack.enter_async_context(open_socket(address, figures, query, Follower))
                    await asyncio.sleep(ARRIVE_EVERY)
                await asyncio.sleep(REST)
                polls, cpu, work, begin = figures.polls, process_time(), visitors_seconds(server), monotonic()
                followed = await lecturer.epochs_per_second(seconds)
                passed = monotonic() - begin
                polls, cpu, work = figures.polls - polls, process_time() - cpu, visitors_seconds(server) - work
            results.append(
                {
                    "epochs/s alone": alone,
                    "epochs/s followed": followed,
                    "ratio": followed / alone,
                    "polls/s": polls / passed,
                    "server's cores for the followers": work / passed - work_alone / seconds,
                    "client's cores": cpu / passed,
                }
            )
            print(results[-1], file=sys.stderr)
            await asyncio.sleep(REST)
    return results, figures


def main(followers: int, rounds: int, seconds: float) -> None:
    """Print a table, and the same as JSON."""
    with start_server() as (address, server):
        wait_for_server(address)
        results, figures = asyncio.run(measure(address, server, followers, rounds, seconds))
    result: dict[str, float] = {"followers": followers, "rounds": rounds, "errors": len(figures.errors)}
    result |= {f"{name}, median": median(each[name] for each in results) for name in results[0]}
    result |= {f"ratio, {name}": pick(each["ratio"] for each in results) for name, pick in (("min", min), ("max", max))}
    result["opening the page, p95 s"] = float(np.percentile(figures.arrivals, 95))
    print("| figure | value |\n| --- | --- |")
    for name, value in result.items():
        print(f"| {name} | {value:,.3f} |" if isinstance(value, float) else f"| {name} | {value:,} |")
    print(*figures.errors[:3], sep="\n")
    print(json.dumps({"machine": describe_machine(), **result}))


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 60,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
        float(sys.argv[3]) if len(sys.argv) > 3 else 60,
    )
