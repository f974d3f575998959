"""The four files of MNIST: found, verified by checksum, downloaded where they are missing or damaged.

Not covered: reading them (see `data.py`), and resuming a broken download; a file is fetched whole.
"""

import gzip
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from dropout_mnist.storage.files import write_atomically

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)

# Without a byte for so long a mirror is given up.
TIMEOUT_SECONDS = 20.0


class DataError(Exception):
    """A data set cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class DataFile:
    """What a file must be: its name, length in bytes, first bytes and MD5 in hexadecimal."""

    name: str
    size: int
    magic: bytes
    md5: str

    def find_fault(self, path: Path) -> str | None:
        """Say in a few words what is wrong with the file at `path`; None if nothing is."""
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                start = file.read(64)
                file.seek(0)
                md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
            return "is an HTML page, not data"
        if size and not start.startswith(self.magic):
            return f"has the wrong magic number {start[: len(self.magic)].hex()}, not {self.magic.hex()}"
        if size < self.size:
            return f"is truncated: {size:,} of {self.size:,} bytes"
        if md5 != self.md5:
            return f"is damaged: its MD5 is {md5}, not {self.md5}"
        return None


@dataclass(frozen=True)
class DownloadProgress:
    """How far the download of one file is.

    Attributes:
        file: the archive's name.
        reason: why it is downloaded, like "is missing" or "is truncated: 12 of 10,008 bytes".
        mirror: the host that it comes from.
        done, total: bytes received of how many.
    """

    file: str
    reason: str
    mirror: str
    done: int
    total: int


ReportDownload = Callable[[DownloadProgress], None]

_GZIP_MAGIC = b"\x1f\x8b"
_IMAGES_MAGIC = b"\x00\x00\x08\x03"
_LABELS_MAGIC = b"\x00\x00\x08\x01"


def _pair(name: str, size: int, magic: bytes, md5: str, packed: tuple[int, str]) -> tuple[DataFile, DataFile]:
    return DataFile(name, size, magic, md5), DataFile(f"{name}.gz", packed[0], _GZIP_MAGIC, packed[1])


# Each file with the archive that it comes in. The archives' checksums are torchvision's.
MNIST_FILES = (
    _pair(
        "train-images-idx3-ubyte",
        47_040_016,
        _IMAGES_MAGIC,
        "6bbc9ace898e44ae57da46a324031adb",
        (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    ),
    _pair(
        "train-labels-idx1-ubyte",
        60_008,
        _LABELS_MAGIC,
        "a25bea736e30d166cdddb491f175f624",
        (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
    ),
    _pair(
        "t10k-images-idx3-ubyte",
        7_840_016,
        _IMAGES_MAGIC,
        "2646ac647ad5339dbf082846283269ea",
        (1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
    ),
    _pair(
        "t10k-labels-idx1-ubyte",
        10_008,
        _LABELS_MAGIC,
        "27ae3e4e09519cfbb04c329615203637",
        (4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
)


def data_folder() -> Path:
    """Return the folder that holds data sets: `DROPOUT_MNIST_DATA`, else the user's cache folder."""
    return Path(os.environ.get("DROPOUT_MNIST_DATA") or platformdirs.user_cache_path("dropout_mnist"))


def raw_folder() -> Path:
    """Return the folder of MNIST's files, in the layout that `torchvision.datasets.MNIST(root)` reads."""
    return data_folder() / "MNIST" / "raw"


def mnist_is_here() -> bool:
    """Whether all four files are in place by name and length; no download will be needed unless one is damaged."""
    folder = raw_folder()
    return all(
        (folder / file.name).is_file() and (folder / file.name).stat().st_size == file.size for file, _ in MNIST_FILES
    )


def ensure_mnist(report: ReportDownload | None = None) -> None:
    """Make sure that all four files are in `raw_folder()` and whole; download those that are not.

    Whole files are only read, so a read-only folder will do. A download goes to a temporary file and takes
    its name when its checksum is right; the next mirror is tried whatever way one fails.

    Args:
        report: called with the progress of each download.

    Raises:
        DataError: a file is missing or damaged and no mirror gave it.
    """
    folder = raw_folder()
    for file, archive in MNIST_FILES:
        fault = file.find_fault(folder / file.name)
        if fault is None:
            continue
        subject = file.name
        if (folder / archive.name).exists():
            archive_fault = archive.find_fault(folder / archive.name)
            if archive_fault is not None:
                subject, fault = archive.name, archive_fault
        _fetch(archive, folder, fault=f"{subject} {fault}", report=report)
        try:
            write_atomically(folder / file.name, gzip.decompress((folder / archive.name).read_bytes()))
        except OSError as error:
            raise DataError(_explain(f"{subject} {fault}", [f"{archive.name} cannot be unpacked ({error})"])) from error


def _fetch(archive: DataFile, folder: Path, fault: str, report: ReportDownload | None) -> None:
    # Imported here because most runs download nothing.
    import pooch
    import urllib3.exceptions

    pooch.get_logger().setLevel("WARNING")
    failures = []
    for mirror in MIRRORS:
        host = urlsplit(mirror).netloc
        progress = _PoochProgress(archive, fault, host, report)
        try:
            pooch.retrieve(
                mirror + archive.name,
                known_hash=f"md5:{archive.md5}",
                path=folder,
                fname=archive.name,
                downloader=pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, timeout=TIMEOUT_SECONDS),
            )
            return
        # Whatever goes wrong with a mirror: requests' errors are OSErrors, a wrong checksum is a ValueError.
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            failures.append(f"{host}: {_first_words(error)}")
    raise DataError(_explain(fault, failures))


class _PoochProgress:
    """What pooch wants of a progress bar; it sets `total` before the first `update`."""

    def __init__(self, archive: DataFile, reason: str, mirror: str, report: ReportDownload | None) -> None:
        self.total = archive.size
        self._done = 0
        self._archive, self._reason, self._mirror, self._report = archive, reason, mirror, report

    def update(self, count: int) -> None:
        self._done = min(self._done + count, self._archive.size)
        if self._report is not None:
            progress = DownloadProgress(self._archive.name, self._reason, self._mirror, self._done, self._archive.size)
            self._report(progress)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def _first_words(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "could not be reached"
    if isinstance(error, ValueError):
        return "sent something else than the file (wrong checksum)"
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _explain(fault: str, failures: list[str]) -> str:
    return (
        f"MNIST is not available: {fault}, and downloading failed ({'; '.join(failures)}). "
        f"Put its four files into {raw_folder()}, or set DROPOUT_MNIST_DATA to a folder that holds MNIST/raw; "
        "the bundled data set `digits` works without a download."
    )
