"""Local mirrors of a small MNIST, which can be made to fail."""

import gzip
import hashlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from dropout_mnist.data import mnist_files
from dropout_mnist.data.mnist_files import MnistFile, ensure_mnist, raw_folder

HTML = b"<!DOCTYPE html><html><body>Sorry, not today.</body></html>" * 20


def idx(magic: bytes, *shape: int) -> bytes:
    count = torch.tensor(shape).prod().item()
    content = torch.randint(0, 10, (int(count),), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    return magic + b"".join(length.to_bytes(4, "big") for length in shape) + content.numpy().tobytes()


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@contextmanager
def serve(answer: Callable[[BaseHTTPRequestHandler], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run a local web server whose requests are handled by `answer`; yield its host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_CONNECT = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    # `shutdown` waits for the next poll.
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass
class Mirrors:
    """Three mirrors; `behavior` says how each answers, "good" by default.

    A "slow" mirror holds back the end of each file, and a "stalled" one half of it, until `release` is set.
    """

    archives: dict[str, bytes]
    behavior: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        _, mirror, name = handler.path.split("/")
        self.requests.append(f"{mirror}/{name}")
        body = self.archives.get(name)
        if body is None:
            handler.send_error(404)
            return
        match self.behavior.get(mirror, "good"):
            case "403" | "500" as code:
                handler.send_error(int(code))
            case "html":
                self._send(handler, HTML, len(HTML))
            case "half":
                self._send(handler, body[: len(body) // 2], len(body))
            case "reset":
                handler.connection.close()
            case "reset in the middle":
                # A socket that lingers for zero seconds is closed by a reset.
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._send(handler, body[: len(body) // 2], len(body))
                handler.connection.close()
            case "stalled":
                self._send(handler, body[: len(body) // 2], len(body))
                self.release.wait(60)
            case "slow":
                self._send(handler, body[:-10], len(body))
                self.release.wait(60)
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
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset the proxy settings of the person who runs the tests."""
    for name in list(os.environ):
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch, no_proxy: None) -> Iterator[Mirrors]:
    """Replace MNIST by a small data set, and serve it from three mirrors."""
    contents = {
        "train-images-idx3-ubyte": idx(b"\0\0\x08\x03", 200, 28, 28),
        "train-labels-idx1-ubyte": idx(b"\0\0\x08\x01", 200),
        "t10k-images-idx3-ubyte": idx(b"\0\0\x08\x03", 50, 28, 28),
        "t10k-labels-idx1-ubyte": idx(b"\0\0\x08\x01", 50),
    }
    archives = {f"{name}.gz": gzip.compress(data, mtime=0) for name, data in contents.items()}
    files = tuple(
        MnistFile(name, len(data), data[:4], md5(data), len(archive), md5(archive))
        for (name, data), archive in zip(contents.items(), archives.values(), strict=True)
    )
    mirrors = Mirrors(archives)
    with serve(mirrors.answer) as address:
        monkeypatch.setattr(mnist_files, "MNIST_FILES", files)
        monkeypatch.setattr(mnist_files, "MIRRORS", tuple(f"http://{address}/{name}/" for name in "abc"))
        yield mirrors
        mirrors.release.set()


@pytest.fixture
def raw(mirrors: Mirrors) -> Path:
    """The folder of MNIST's files, with all of them in it, no archives, and nothing requested."""
    ensure_mnist()
    for archive in raw_folder().glob("*.gz"):
        archive.unlink()
    mirrors.requests.clear()
    return raw_folder()
