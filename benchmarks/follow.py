"""Measure what a class that follows a run by its link costs the run.

One visitor trains and shares the run. Followers open the shared link through Streamlit's own protocol and poll like
browsers. In each round the run's epochs are timed for a while with the followers silent and for a while with them
polling, in turn first: a machine changes its speed from minute to minute. They run on the same machine, so their own
share of its processors is printed, too: real followers bring their own. It counts as a cost here. The server's work
besides its busiest thread, which trains, is what its visitors cost; other work on the machine hardly changes it.

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
    """A visitor who follows the run."""

    def _take(self, message: ForwardMsg) -> None:
        # What is drawn is not looked at, to save this machine's time; only how often to poll, and errors.
        element = message.delta.new_element
        if message.WhichOneof("type") != "delta" or not self.complete.is_set() or element.HasField("exception"):
            super()._take(message)


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


async def _time(lecturer: Lecturer, server: psutil.Process, figures: Figures, seconds: float) -> dict[str, float]:
    """Return the speed of the run in the next `seconds`, the polls, and the work of server and client, all per second.

    The server's work is that without its busiest thread.
    """
    begin, polls, client, work = monotonic(), figures.polls, process_time(), visitors_seconds(server)
    epochs = await lecturer.epochs_per_second(seconds)
    passed = monotonic() - begin
    return {
        "epochs": epochs,
        "polls": (figures.polls - polls) / passed,
        "client": (process_time() - client) / passed,
        "work": (visitors_seconds(server) - work) / passed,
    }


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
        async with AsyncExitStack() as stack:
            for _ in range(followers):
                await stack.enter_async_context(open_socket(address, figures, query, Follower))
                await asyncio.sleep(ARRIVE_EVERY)
            for number in range(rounds):
                found: dict[bool, dict[str, float]] = {}
                for paused in (True, False) if number % 2 else (False, True):
                    Follower.is_paused = paused
                    await asyncio.sleep(REST)
                    found[paused] = await _time(lecturer, server, figures, seconds)
                alone, followed = found[True], found[False]
                results.append(
                    {
                        "epochs/s alone": alone["epochs"],
                        "epochs/s followed": followed["epochs"],
                        "ratio": followed["epochs"] / alone["epochs"],
                        "polls/s of the followers": followed["polls"] - alone["polls"],
                        "server's cores for the followers": followed["work"] - alone["work"],
                        "client's cores": followed["client"],
                    }
                )
                print(results[-1], file=sys.stderr)
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
        int(sys.argv[2]) if len(sys.argv) > 2 else 8,
        float(sys.argv[3]) if len(sys.argv) > 3 else 20,
    )
