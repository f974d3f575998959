"""The application in its own process, and a connection to it that can be cut."""

import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import psutil
import requests

from ..conftest import REAL_DATA_FOLDER, SHIPPED, SHIPPED_WEIGHTS

ROOT = Path(__file__).parents[2]
START_TIMEOUT = 180
STOP_TIMEOUT = 60


class Server:
    """The application in its own process, which can be killed and started again.

    Args:
        folder: for its weights (copies of the shipped ones), cache and log.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.weights = folder / "weights"
        self.weights.mkdir()
        for name in SHIPPED:
            shutil.copy(SHIPPED_WEIGHTS / f"{name}.safetensors", self.weights)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process and wait until it answers."""
        environment = os.environ | {
            "DROPOUT_MNIST_WEIGHTS": str(self.weights),
            "DROPOUT_MNIST_DATA": str(REAL_DATA_FOLDER),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            # On a machine that is busy with other work, short runs are estimated to be long.
            "DROPOUT_MNIST_CONFIRM_MINUTES": "100000",
        }
        arguments = ["--server.headless=true", f"--server.port={self.port}"]
        command = [sys.executable, "-m", "streamlit", "run", "app.py", *arguments]
        with (self.folder / "log").open("a") as log:
            self.process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        end = monotonic() + START_TIMEOUT
        while True:
            assert self.process.poll() is None, "the server ended"
            assert monotonic() < end, "the server did not start"
            try:
                if requests.get(f"{self.address}/_stcore/health", timeout=1).ok:
                    return
            except requests.ConnectionError:
                sleep(0.1)

    def kill(self) -> None:
        """End the process as a power cut does."""
        self.process.kill()
        self.process.wait(STOP_TIMEOUT)

    def stop(self) -> None:
        """End the process, and fail on errors and warnings in its log."""
        self.process.terminate()
        self.process.wait(STOP_TIMEOUT)
        assert re.findall(r"Traceback|Warning|\bWARN|Error|terminate called", self.log) == []

    @property
    def log(self) -> str:
        """The log since the first start."""
        return (self.folder / "log").read_text()


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server, and stop it at the end."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """Return the number of an unused port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Connection:
    """A relay in front of a server, which can be cut and restored.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self._server = port
        self._port = free_port()
        self._cut = threading.Event()
        self.address = f"http://127.0.0.1:{self._port}"
        self.restore()

    def restore(self) -> None:
        """Accept connections."""
        self._cut.clear()
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._relay = threading.Thread(target=self._relay_data, daemon=True)
        self._relay.start()

    def cut(self) -> None:
        """Break all connections and refuse new ones."""
        self._cut.set()
        self._relay.join(STOP_TIMEOUT)
        assert not self._relay.is_alive()

    def _relay_data(self) -> None:
        partner: dict[socket.socket, socket.socket] = {}
        with selectors.DefaultSelector() as selector, self._listener:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._cut.is_set():
                for key, _ in selector.select(0.05):
                    if key.fileobj is self._listener:
                        here, _ = self._listener.accept()
                        there = socket.create_connection(("127.0.0.1", self._server))
                        partner |= {here: there, there: here}
                        for end in (here, there):
                            selector.register(end, selectors.EVENT_READ)
                        continue
                    end = key.fileobj
                    if end not in partner:
                        continue  # its partner was closed in this round
                    data = b""
                    with suppress(OSError):
                        data = end.recv(2**16)
                        partner[end].sendall(data)
                    if not data:
                        for ended in (end, partner[end]):
                            selector.unregister(ended)
                            ended.close()
                            del partner[ended]
            for end in partner:
                end.close()
