"""Find, verify, download and read the four files of MNIST.

An interrupted download is not resumed: the files are small, so each is fetched as a whole.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

import platformdirs

from dropout_mnist.messages.message import Message, message_of
from dropout_mnist.shapes import INPUT_SIZE
from dropout_mnist.storage.files import write_atomically

if TYPE_CHECKING:  # the page imports this module before it needs torch
    from torch import Tensor

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)

# A mirror that sends nothing for this long is given up.
TIMEOUT_SECONDS = 20.0

_PROXY_VARIABLES = "HTTPS_PROXY, HTTP_PROXY and ALL_PROXY"


class DataError(Exception):
    """A data set is not available. The message says why and what to do."""


@dataclass(frozen=True)
class MnistFile:
    """One of MNIST's files, and the archive that mirrors offer it in.

    Attributes:
        name: the file's usual name, without ".gz".
        size, magic, md5: its length in bytes, its first bytes, and its MD5 in hexadecimal.
        archive_size, archive_md5: length and MD5 of the mirrors' archive.
    """

    name: str
    size: int
    magic: bytes
    md5: str
    archive_size: int
    archive_md5: str

    @property
    def archive_name(self) -> str:
        """The name of the mirrors' archive."""
        return f"{self.name}.gz"

    def read(self, path: Path) -> bytes:
        """Read and verify a copy of this file.

        Only the content counts: an archive may have been compressed by any program.

        Args:
            path: the file itself, or an archive of it whose name ends in ".gz".

        Returns:
            the uncompressed content.

        Raises:
            DataError: the copy cannot be read, or its content is wrong; the message names it and says why.
        """
        try:
            with path.open("rb") as file:
                start = file.read(64)
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                # The byte past the end shows that a file is too long. An archive is not unpacked any further.
                data = file.read(self.size + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            if _is_html(start):
                raise DataError(Message("{name} is an HTML page, not data", name=path.name)) from error
            raise DataError(Message("{name} is damaged: {error}", name=path.name, error=str(error))) from error
        except OSError as error:
            raise DataError(Message("{name} cannot be read ({error})", name=path.name, error=error.strerror)) from error
        if (fault := self._find_fault(data, path.name)) is not None:
            raise DataError(fault)
        return data

    def _find_fault(self, data: bytes, name: str) -> Message | None:
        if _is_html(data):
            return Message("{name} is an HTML page, not data", name=name)
        if data and not data.startswith(self.magic):
            found, magic = data[: len(self.magic)].hex(), self.magic.hex()
            return Message(
                "{name} has the wrong magic number {found}, not {magic}", name=name, found=found, magic=magic
            )
        if len(data) < self.size:
            return Message(
                "{name} is truncated: {count:,} of {size:,} bytes", name=name, count=len(data), size=self.size
            )
        if len(data) > self.size:
            return Message("{name} is too long: more than {size:,} bytes", name=name, size=self.size)
        if (md5 := hashlib.md5(data, usedforsecurity=False).hexdigest()) != self.md5:
            return Message("{name} is damaged: its MD5 is {found}, not {md5}", name=name, found=md5, md5=self.md5)
        return None


@dataclass(frozen=True)
class DownloadProgress:
    """The progress of one file's download.

    Attributes:
        file: the archive's name.
        reason: why it is downloaded, such as "t10k-labels-idx1-ubyte is missing".
        mirror: the host that it comes from.
        done, total: bytes received, and bytes in all.
    """

    file: str
    reason: str
    mirror: str
    done: int
    total: int


ReportDownload = Callable[[DownloadProgress], None]

_IMAGES_MAGIC = b"\x00\x00\x08\x03"
_LABELS_MAGIC = b"\x00\x00\x08\x01"

# The checksums of the archives are torchvision's.
MNIST_FILES = (
    MnistFile(
        "train-images-idx3-ubyte",
        47_040_016,
        _IMAGES_MAGIC,
        "6bbc9ace898e44ae57da46a324031adb",
        archive_size=9_912_422,
        archive_md5="f68b3c2dcbeaaa9fbdd348bbdeb94873",
    ),
    MnistFile(
        "train-labels-idx1-ubyte",
        60_008,
        _LABELS_MAGIC,
        "a25bea736e30d166cdddb491f175f624",
        archive_size=28_881,
        archive_md5="d53e105ee54ea40749a09fcbcd1e9432",
    ),
    MnistFile(
        "t10k-images-idx3-ubyte",
        7_840_016,
        _IMAGES_MAGIC,
        "2646ac647ad5339dbf082846283269ea",
        archive_size=1_648_877,
        archive_md5="9fb629c4189551a2d022fa330f9573f3",
    ),
    MnistFile(
        "t10k-labels-idx1-ubyte",
        10_008,
        _LABELS_MAGIC,
        "27ae3e4e09519cfbb04c329615203637",
        archive_size=4_542,
        archive_md5="ec29112dd5afa0611ce80d1b7f02629c",
    ),
)


def data_folder() -> Path:
    """Return the folder that holds data sets: `DROPOUT_MNIST_DATA`, else a folder in the user's cache.

    Raises:
        DataError: the variable names the home folder of a user who does not exist.
    """
    given = os.environ.get("DROPOUT_MNIST_DATA")
    if not given:
        return platformdirs.user_cache_path("dropout_mnist")
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise DataError(Message("the home folder in DROPOUT_MNIST_DATA={path} is unknown", path=given)) from None


def raw_folder() -> Path:
    """Return the folder that MNIST is downloaded to, in the layout of `torchvision.datasets.MNIST(root)`."""
    return data_folder() / "MNIST" / "raw"


def mnist_is_available() -> bool:
    """Return whether all four files are on this machine, judged by name and length; a damaged one is found later."""
    return all(
        any(path.suffix == ".gz" or path.stat().st_size == file.size for path in _find_copies(file))
        for file in MNIST_FILES
    )


def ensure_mnist(report: ReportDownload | None = None) -> list[Path]:
    """Make sure that all four files of MNIST are on this machine and intact; download those that are not.

    The files may be in `raw_folder()` or `data_folder()`, called `train-images-idx3-ubyte` or
    `train-images.idx3-ubyte`, compressed or not. Both folders may be read-only if they hold all files. A download
    goes to a temporary file and is renamed once its checksum is right. If a mirror fails, the next one is tried.

    Args:
        report: called with the progress of each download.

    Returns:
        the verified files, in the order of `MNIST_FILES`; those whose name ends in ".gz" are archives.

    Raises:
        DataError: a file is missing or damaged, and no mirror delivered it.
    """
    return [_ensure(file, report) for file in MNIST_FILES]


def read_mnist(
    report: ReportDownload | None = None,
) -> "tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]":
    """Read MNIST from its verified files; download those that are missing or damaged.

    Args:
        report: called with the progress of each download.

    Returns:
        the training set and the test set; each a pair of pixels, (60000, 784) or (10000, 784) uint8, and labels,
        (60000,) or (10000,) int64.

    Raises:
        DataError: a file is missing or damaged, and no mirror delivered it.
    """
    paths = ensure_mnist(report)
    # Imported here because torchvision takes two seconds, and a page that only draws does not need it. Its class
    # `MNIST` is not used because it prefers an unverified pickle, MNIST/processed/training.pt, to these files.
    from torchvision.datasets.mnist import read_image_file, read_label_file

    parsers = (read_image_file, read_label_file) * 2
    tensors = [_parse(file, path, parser) for file, path, parser in zip(MNIST_FILES, paths, parsers, strict=True)]
    train_pixels, test_pixels = (pixels.reshape(-1, INPUT_SIZE) for pixels in tensors[::2])
    train_labels, test_labels = tensors[1::2]
    return (train_pixels, train_labels), (test_pixels, test_labels)


def _parse(file: MnistFile, path: Path, parser: "Callable[[str], Tensor]") -> "Tensor":
    if path.suffix != ".gz":
        return parser(str(path))
    # torchvision does not read archives, and this one could not be unpacked where it is.
    with TemporaryDirectory() as folder:
        copy = Path(folder, file.name)
        copy.write_bytes(file.read(path))
        return parser(str(copy))


def _ensure(file: MnistFile, report: ReportDownload | None) -> Path:
    try:
        path, data = _find(file)
    except DataError as fault:
        path = _download(file, message_of(fault), report)
        data = file.read(path)
    if path.suffix == ".gz":
        # The folder may be read-only, or the disk full. Then the archive is read.
        with suppress(OSError):
            write_atomically(unpacked := raw_folder() / file.name, data)
            path = unpacked
    return path


def _find(file: MnistFile) -> tuple[Path, bytes]:
    """Return the first intact copy of a file, and its uncompressed content.

    Raises:
        DataError: there is none; the message says what is wrong with the last copy.
    """
    fault = DataError(Message("{name} is missing", name=file.name))
    for path in _find_copies(file):
        try:
            return path, file.read(path)
        except DataError as error:
            fault = error
    raise fault


def _find_copies(file: MnistFile) -> Iterator[Path]:
    names = (file.name, file.name.replace("-idx", ".idx"))
    for suffix in ("", ".gz"):
        for folder in (raw_folder(), data_folder()):
            for name in names:
                if os.path.isfile(path := folder / (name + suffix)):
                    yield path


def _download(file: MnistFile, reason: str, report: ReportDownload | None) -> Path:
    # Imported here because most runs download nothing.
    import pooch
    import urllib3.exceptions

    pooch.get_logger().setLevel("WARNING")
    failures: dict[str, list[str]] = {}
    for mirror in MIRRORS:
        host = urlsplit(mirror).netloc
        progress = _PoochProgress(file, reason, host, report)
        try:
            path = pooch.retrieve(
                mirror + file.archive_name,
                known_hash=f"md5:{file.archive_md5}",
                path=raw_folder(),
                fname=file.archive_name,
                downloader=pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, timeout=TIMEOUT_SECONDS),
            )
            return Path(path)
        # Errors of requests are OSErrors. Wrong checksums and malformed proxies are ValueErrors.
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            failures.setdefault(_describe_failure(error), []).append(host)
    described = [
        Message("{mirrors}: {failure}", mirrors=", ".join(hosts), failure=failure)
        for failure, hosts in failures.items()
    ]
    raise DataError(
        Message(
            "MNIST is not available: {reason}, and downloading failed ({failures}). Put its four files into {folder}, "
            "or set DROPOUT_MNIST_DATA to a folder that holds them. The bundled data set `digits` works without a "
            "download.",
            reason=reason,
            failures=Message.list("; ", described),
            folder=str(raw_folder()),
        )
    )


class _PoochProgress:
    """A progress bar for pooch, which sets `total` before the first `update`."""

    def __init__(self, file: MnistFile, reason: str, mirror: str, report: ReportDownload | None) -> None:
        self.total = file.archive_size
        self._done = 0
        self._file, self._reason, self._mirror, self._report = file, reason, mirror, report

    def update(self, count: int) -> None:
        total = self._file.archive_size
        self._done = min(self._done + count, total)
        if self._report is not None:
            self._report(DownloadProgress(self._file.archive_name, self._reason, self._mirror, self._done, total))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def _describe_failure(error: Exception) -> str:
    """Return what went wrong with a download, and the remedy if the user's settings are the cause."""
    import requests

    text = str(error)
    response = error.response if isinstance(error, requests.HTTPError) else None
    status = 0 if response is None else response.status_code
    proxies = getproxies()
    # No message about a proxy quotes the error, which may contain the proxy's password.
    if status == 407 or "Tunnel connection failed: 407" in text:
        return Message(
            "the proxy asks for a user name and password: put them into HTTPS_PROXY and HTTP_PROXY, as in "
            "http://user:password@host:port"
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return Message(
            "the proxy could not be reached, or refused the connection: check {variables}", variables=_PROXY_VARIABLES
        )
    if response is not None:
        return Message("answered {status} {reason}", status=status, reason=response.reason)
    if isinstance(error, requests.exceptions.SSLError):
        if "CERTIFICATE_VERIFY_FAILED" not in text:
            return Message("no encrypted connection could be made")
        return Message("its certificate is not trusted: set REQUESTS_CA_BUNDLE to your organization's certificates")
    if isinstance(error, requests.Timeout):
        return Message("did not answer in time")
    if isinstance(error, requests.ConnectionError):
        if proxies:
            return Message("could not be reached through the proxy: check {variables}", variables=_PROXY_VARIABLES)
        return Message("could not be reached")
    if isinstance(error, ValueError) and "hash of downloaded file" in text:
        return Message("sent something other than the file (wrong checksum)")
    if isinstance(error, ValueError) and "SOCKS" in text:
        return Message('a SOCKS proxy needs another package: pip install "requests[socks]"')
    # The addresses of the mirrors are well-formed.
    if isinstance(error, ValueError) and proxies:
        return Message("the address of the proxy is malformed: check {variables}", variables=_PROXY_VARIABLES)
    return text.splitlines()[0][:200] if text else type(error).__name__


def _is_html(data: bytes) -> bool:
    return data[:64].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))
