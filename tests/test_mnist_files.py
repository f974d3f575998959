"""Finding, verifying, downloading and reading MNIST, with small files in its format and local mirrors."""

import gzip
import importlib.util
import ssl
import threading
from pathlib import Path

import pytest
import torch

from dropout_mnist.data import mnist_files
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.data.mnist_files import (
    DataError,
    DownloadProgress,
    data_folder,
    ensure_mnist,
    mnist_is_available,
    raw_folder,
    read_mnist,
)

from .mirrors import HTML, Mirrors, serve

IMAGES = "t10k-images-idx3-ubyte"
LABELS = "t10k-labels-idx1-ubyte"


def recompress(raw: Path, folder: Path, dots: bool = False) -> None:
    """Replace the files in `raw` by archives in `folder` that differ from those of the mirrors."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in raw.iterdir():
        name = path.name.replace("-idx", ".idx") if dots else path.name
        (folder / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes(), compresslevel=1, mtime=5))
        path.unlink()


def test_missing_files_are_downloaded_with_progress(mirrors: Mirrors) -> None:
    seen: list[DownloadProgress] = []
    assert not mnist_is_available()
    dataset = load_dataset("mnist", seen.append)
    assert mnist_is_available()
    assert (len(dataset.train), len(dataset.test)) == (200, 50)
    assert mirrors.requests == [f"a/{name}" for name in mirrors.archives]
    last = {progress.file: progress for progress in seen}
    assert set(last) == set(mirrors.archives)
    assert all(progress.done == progress.total for progress in last.values())
    assert seen[0].reason == "train-images-idx3-ubyte is missing"


def test_read_mnist_returns_pixels_and_labels(raw: Path) -> None:
    (train_pixels, train_labels), (test_pixels, test_labels) = read_mnist()
    assert (train_pixels.shape, train_labels.shape) == ((200, 784), (200,))
    assert (test_pixels.shape, test_labels.shape) == ((50, 784), (50,))
    assert (test_pixels.dtype, test_labels.dtype) == (torch.uint8, torch.int64)
    assert test_pixels.flatten().tolist() == list((raw / IMAGES).read_bytes()[16:])
    assert test_labels.tolist() == list((raw / LABELS).read_bytes()[8:])


@pytest.mark.parametrize("failure", ["403", "500", "html", "half", "reset", "reset in the middle"])
def test_next_mirror_is_tried_if_one_fails(mirrors: Mirrors, failure: str) -> None:
    mirrors.behavior = {"a": failure, "b": failure}
    ensure_mnist()
    for file in mnist_files.MNIST_FILES:
        file.read(raw_folder() / file.name)
    assert {request[0] for request in mirrors.requests} == {"a", "b", "c"}


def test_error_names_the_fault_of_each_mirror_and_the_remedy(mirrors: Mirrors) -> None:
    mirrors.behavior = {"a": "403", "b": "html", "c": "reset"}
    with pytest.raises(DataError) as error:
        load_dataset("mnist")
    message = str(error.value)
    assert "train-images-idx3-ubyte is missing" in message
    assert "answered 403 Forbidden" in message
    assert "wrong checksum" in message
    assert "could not be reached" in message
    assert "proxy" not in message
    assert str(raw_folder()) in message
    assert "DROPOUT_MNIST_DATA" in message
    assert "`digits` works without a download" in message
    assert list(raw_folder().iterdir()) == []


def test_intact_files_are_used_without_a_request_and_without_writing(mirrors: Mirrors, raw: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in raw.iterdir()}
    assert len(load_dataset("mnist").train) == 200
    assert mirrors.requests == []
    assert {path: path.stat().st_mtime_ns for path in raw.iterdir()} == before


@pytest.mark.parametrize("garbage", [True, False], ids=["garbage", "shifted labels"])
def test_unverified_processed_files_of_torchvision_are_ignored(raw: Path, garbage: bool) -> None:
    expected = read_mnist()
    processed = raw.parent / "processed"
    processed.mkdir()
    for name, (pixels, labels) in zip(("training.pt", "test.pt"), expected, strict=True):
        if garbage:
            (processed / name).write_bytes(b"garbage")
        else:
            torch.save((pixels.reshape(-1, 28, 28), (labels + 1) % 10), processed / name)
    for split, expected_split in zip(read_mnist(), expected, strict=True):
        assert all(map(torch.equal, split, expected_split))


@pytest.mark.parametrize(
    ("damage", "expected_reason"),
    [
        (lambda data: data[:100], f"{IMAGES} is truncated: 100 of"),
        (lambda data: b"", f"{IMAGES} is truncated: 0 of"),
        (lambda data: b"\0\0\x08\x01" + data[4:], "has the wrong magic number 00000801, not 00000803"),
        (lambda data: HTML, f"{IMAGES} is an HTML page, not data"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), f"{IMAGES} is damaged: its MD5 is"),
        (lambda data: data + b"more", f"{IMAGES} is too long: more than 39,216 bytes"),
    ],
)
def test_damaged_file_is_named_and_fetched_again(mirrors: Mirrors, raw: Path, damage, expected_reason: str) -> None:  # type: ignore[no-untyped-def]
    path = raw / IMAGES
    good = path.read_bytes()
    path.write_bytes(damage(good))
    seen: list[DownloadProgress] = []
    ensure_mnist(seen.append)
    assert expected_reason in seen[0].reason
    assert path.read_bytes() == good
    assert mirrors.requests == [f"a/{IMAGES}.gz"]


@pytest.mark.parametrize(
    ("damage", "expected_reason"),
    [
        (lambda data: HTML, "is an HTML page, not data"),
        (lambda data: b"", "is truncated: 0 of 58 bytes"),
        (lambda data: gzip.compress(data)[:-20], "is damaged"),
        (lambda data: gzip.compress(data)[:20] + b"????" + gzip.compress(data)[24:], "is damaged"),
        (lambda data: gzip.compress(data[:50]), "is truncated: 50 of 58 bytes"),
        (lambda data: gzip.compress(data + bytes(10**6)), "is too long: more than 58 bytes"),
        (lambda data: gzip.compress(data[:-1] + b"\xff"), "is damaged: its MD5 is"),
    ],
)
def test_damaged_archive_is_named_and_fetched_again(mirrors: Mirrors, raw: Path, damage, expected_reason: str) -> None:  # type: ignore[no-untyped-def]
    good = (raw / LABELS).read_bytes()
    (raw / LABELS).unlink()
    (raw / f"{LABELS}.gz").write_bytes(damage(good))
    seen: list[DownloadProgress] = []
    ensure_mnist(seen.append)
    assert seen[0].reason.startswith(f"{LABELS}.gz {expected_reason}")
    assert (raw / LABELS).read_bytes() == good


def test_intact_archive_is_unpacked_without_a_request(mirrors: Mirrors, raw: Path) -> None:
    good = (raw / LABELS).read_bytes()
    (raw / LABELS).unlink()
    (raw / f"{LABELS}.gz").write_bytes(mirrors.archives[f"{LABELS}.gz"])
    assert mnist_is_available()
    ensure_mnist()
    assert mirrors.requests == []
    assert (raw / LABELS).read_bytes() == good


def test_damaged_file_is_an_error_if_nothing_can_be_downloaded(mirrors: Mirrors, raw: Path) -> None:
    (raw / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01")
    mirrors.behavior = dict.fromkeys("abc", "500")
    with pytest.raises(DataError, match="train-labels-idx1-ubyte is truncated: 4 of 208 bytes"):
        load_dataset("mnist")


@pytest.mark.parametrize("dots", [False, True], ids=["hyphens", "dots"])
@pytest.mark.parametrize("flat", [False, True], ids=["MNIST/raw", "flat"])
def test_files_may_be_named_with_a_dot_and_lie_directly_in_the_data_folder(
    mirrors: Mirrors, raw: Path, dots: bool, flat: bool
) -> None:
    folder = data_folder() if flat else raw
    for path in list(raw.iterdir()):
        path.rename(folder / (path.name.replace("-idx", ".idx") if dots else path.name))
    before = {path for path in data_folder().rglob("*") if path.is_file()}
    assert mnist_is_available()
    assert len(load_dataset("mnist").train) == 200
    assert mirrors.requests == []
    assert {path for path in data_folder().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("dots", [False, True], ids=["hyphens", "dots"])
def test_archives_with_the_same_content_are_accepted(mirrors: Mirrors, raw: Path, dots: bool) -> None:
    recompress(raw, raw, dots)
    assert mnist_is_available()
    assert len(load_dataset("mnist").train) == 200
    assert mirrors.requests == []


def test_archives_are_read_where_nothing_can_be_written(
    mirrors: Mirrors, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_mnist()
    folder = tmp_path / "archives"
    recompress(raw, folder)
    # A file in place of the folder that files are unpacked to: not even root can write there.
    (folder / "MNIST").write_bytes(b"")
    monkeypatch.setenv("DROPOUT_MNIST_DATA", str(folder))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for split, expected_split in zip(read_mnist(), expected, strict=True):
        assert all(map(torch.equal, split, expected_split))
    assert mirrors.requests == []
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_data_folder_expands_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("DROPOUT_MNIST_DATA", "~/mnist")
    assert data_folder() == tmp_path / "mnist"


def test_home_folder_of_nobody_is_an_error_that_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPOUT_MNIST_DATA", "~nobody-has-this-name/mnist")
    with pytest.raises(mnist_files.DataError, match="DROPOUT_MNIST_DATA=~nobody-has-this-name/mnist is unknown"):
        mnist_files.data_folder()


def test_folder_that_cannot_be_created_is_an_error_with_a_remedy(
    mirrors: Mirrors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("DROPOUT_MNIST_DATA", str(tmp_path / "file"))
    with pytest.raises(DataError, match="set DROPOUT_MNIST_DATA"):
        load_dataset("mnist")


@pytest.mark.slow
def test_next_mirror_is_tried_if_one_stalls(mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist_files, "TIMEOUT_SECONDS", 0.3)
    mirrors.behavior = {"a": "stalled"}
    ensure_mnist()
    assert mnist_is_available()
    assert mirrors.requests[:2] == ["a/train-images-idx3-ubyte.gz", "b/train-images-idx3-ubyte.gz"]


def test_downloaded_files_are_kept_if_a_later_download_fails(mirrors: Mirrors) -> None:
    last = mnist_files.MNIST_FILES[-1]
    archive = mirrors.archives.pop(last.archive_name)
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte is missing"):
        ensure_mnist()
    mirrors.archives[last.archive_name] = archive
    mirrors.requests.clear()
    ensure_mnist()
    assert mirrors.requests == [f"a/{last.archive_name}"]


def test_concurrent_downloads_give_intact_files(mirrors: Mirrors) -> None:
    errors: list[Exception] = []

    def download() -> None:
        try:
            ensure_mnist()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=download) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for file in mnist_files.MNIST_FILES:
        file.read(raw_folder() / file.name)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_that_asks_for_a_password_is_named(scheme: str, no_proxy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda handler: handler.send_error(407)) as address:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://user:secret@{address}")
        monkeypatch.setattr(mnist_files, "MIRRORS", (f"{scheme}://127.0.0.1:9/",))
        with pytest.raises(DataError, match="asks for a user name and password: put them into HTTPS_PROXY") as error:
            ensure_mnist()
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("proxy", "expected_error"),
    [
        ("http://", "the address of the proxy is malformed: check HTTPS_PROXY"),
        ("http://user:secret@[::1", "the address of the proxy is malformed: check HTTPS_PROXY"),
        ("http://user:secret@127.0.0.1:99999", "the address of the proxy is malformed: check HTTPS_PROXY"),
        ("nonsense://127.0.0.1:9", "the address of the proxy is malformed: check HTTPS_PROXY"),
        ("http://user:secret@127.0.0.1:9", "the proxy could not be reached, or refused the connection"),
    ],
)
def test_proxy_that_does_not_work_is_named(
    scheme: str, proxy: str, expected_error: str, no_proxy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy)
    monkeypatch.setattr(mnist_files, "MIRRORS", (f"{scheme}://127.0.0.1:9/",))
    with pytest.raises(DataError, match=expected_error) as error:
        ensure_mnist()
    assert "secret" not in str(error.value)


def test_socks_proxy_is_named(no_proxy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setattr(mnist_files, "MIRRORS", ("https://127.0.0.1:9/", "http://127.0.0.1:9/"))
    has_socks = importlib.util.find_spec("socks") is not None
    expected = (
        "check HTTPS_PROXY" if has_socks else r'a SOCKS proxy needs another package: pip install "requests\[socks]"'
    )
    with pytest.raises(DataError, match=expected):
        ensure_mnist()


def test_untrusted_certificate_is_named(no_proxy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    with serve(lambda handler: handler.send_error(500), tls) as address:
        monkeypatch.setattr(mnist_files, "MIRRORS", (f"https://{address}/",))
        with pytest.raises(DataError, match="certificate is not trusted: set REQUESTS_CA_BUNDLE"):
            ensure_mnist()
