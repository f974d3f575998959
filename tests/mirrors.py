"""Mirrors of a small MNIST on this machine, which fail as the world's do."""

import gzip
import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from dropout_mnist.data import mnist_files
from dropout_mnist.data.mnist_files import DataFile, ensure_mnist, raw_folder

HTML = b"<!DOCTYPE html><html><body>Sorry, not today.</body></html>" * 20


def idx(magic: bytes, *shape: int) -> bytes:
    count = torch.tensor(shape).prod().item()
    content = torch.randint(0, 10, (int(count),), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    return magic + b"".join(length.to_bytes(4, "big") for length in shape) + content.numpy().tobytes()


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@dataclass
class Mirrors:
    """Three mirrors on this machine; `behaviour` says how each answers, "good" unless told.

    A slow one sends the end of a file, and a stalled one goes away, when it is told to go on.
    """

    archives: dict[str, bytes]
    behaviour: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        _, mirror, name = handler.path.split("/")
        self.requests.append(f"{mirror}/{name}")
        body = self.archives.get(name)
        if body is None:
            handler.send_error(404)
            return
        match self.behaviour.get(mirror, "good"):
            case "403" | "500" as code:
                handler.send_error(int(code))
                return
            case "html":
                self._send(handler, HTML, len(HTML))
            case "half":
                self._send(handler, body[: len(body) // 2], len(body))
            case "reset":
                handler.connection.close()
            case "reset in the middle":
                # Told to linger for no time, a socket is closed by a reset.
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._send(handler, body[: len(body) // 2], len(body))
                handler.connection.close()
            case "stalled":
                self._send(handler, body[: len(body) // 2], len(body))
                self.go_on.wait(60)
            case "slow":
                self._send(handler, body[:-10], len(body))
                self.go_on.wait(60)
                handler.wfile.write(body[-10:])
            case "good":
                self._send(handler, body, len(body))

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, body: bytes, length: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrors]:
    """Make the project believe in a small MNIST, and serve it."""
    contents = {
        "train-images-idx3-ubyte": idx(b"\0\0\x08\x03", 200, 28, 28),
        "train-labels-idx1-ubyte": idx(b"\0\0\x08\x01", 200),
        "t10k-images-idx3-ubyte": idx(b"\0\0\x08\x03", 50, 28, 28),
        "t10k-labels-idx1-ubyte": idx(b"\0\0\x08\x01", 50),
    }
    archives = {f"{name}.gz": gzip.compress(data, mtime=0) for name, data in contents.items()}
    files = tuple(
        (
            DataFile(name, len(data), data[:4], md5(data)),
            DataFile(f"{name}.gz", len(packed), packed[:2], md5(packed)),
        )
        for (name, data), packed in zip(contents.items(), archives.values(), strict=True)
    )
    served = Mirrors(archives)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(mnist_files, "MNIST_FILES", files)
    monkeypatch.setattr(mnist_files, "MIRRORS", tuple(f"{address}/{name}/" for name in "abc"))
    yield served
    served.go_on.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def raw(mirrors: Mirrors) -> Path:
    """The folder of MNIST's files, with all of them in it and nothing requested."""
    ensure_mnist()
    for archive in raw_folder().glob("*.gz"):
        archive.unlink()
    mirrors.requests.clear()
    return raw_folder()
