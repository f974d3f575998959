"""Download and verification, with small files in MNIST's format and mirrors that fail in every way."""

import threading
from pathlib import Path

import pytest

from dropout_mnist.data import mnist_files
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.data.mnist_files import DataError, DownloadProgress, ensure_mnist, mnist_is_here, raw_folder

from .mirrors import HTML, Mirrors


def test_missing_files_are_downloaded_with_progress(mirrors: Mirrors) -> None:
    seen: list[DownloadProgress] = []
    assert not mnist_is_here()
    dataset = load_dataset("mnist", seen.append)
    assert mnist_is_here()
    assert (len(dataset.train), len(dataset.test)) == (200, 50)
    assert mirrors.requests == [f"a/{name}" for name in mirrors.archives]
    last = {progress.file: progress for progress in seen}
    assert set(last) == set(mirrors.archives)
    assert all(progress.done == progress.total for progress in last.values())
    assert seen[0].reason == "train-images-idx3-ubyte is missing"


@pytest.mark.parametrize("failure", ["403", "500", "html", "half", "reset", "reset in the middle"])
def test_next_mirror_is_tried_whatever_way_one_fails(mirrors: Mirrors, failure: str) -> None:
    mirrors.behaviour = {"a": failure, "b": failure}
    ensure_mnist()
    for file, _ in mnist_files.MNIST_FILES:
        assert file.find_fault(raw_folder() / file.name) is None
    assert {request[0] for request in mirrors.requests} == {"a", "b", "c"}


def test_without_any_mirror_one_sentence_says_what_to_do(mirrors: Mirrors) -> None:
    mirrors.behaviour = {"a": "403", "b": "html", "c": "reset"}
    with pytest.raises(DataError) as error:
        load_dataset("mnist")
    message = str(error.value)
    assert "train-images-idx3-ubyte is missing" in message
    assert "answered 403 Forbidden" in message
    assert "wrong checksum" in message
    assert str(raw_folder()) in message
    assert "DROPOUT_MNIST_DATA" in message
    assert "`digits` works without a download" in message
    assert list(raw_folder().iterdir()) == []


def test_whole_files_are_used_without_a_request_and_without_writing(mirrors: Mirrors, raw: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in raw.iterdir()}
    assert len(load_dataset("mnist").train) == 200
    assert mirrors.requests == []
    assert {path: path.stat().st_mtime_ns for path in raw.iterdir()} == before


@pytest.mark.parametrize(
    ("damage", "expected_reason"),
    [
        (lambda data: data[:100], "t10k-images-idx3-ubyte is truncated: 100 of"),
        (lambda data: b"", "t10k-images-idx3-ubyte is truncated: 0 of"),
        (lambda data: b"\0\0\x08\x01" + data[4:], "has the wrong magic number 00000801, not 00000803"),
        (lambda data: HTML, "t10k-images-idx3-ubyte is an HTML page, not data"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "t10k-images-idx3-ubyte is damaged: its MD5 is"),
        (lambda data: data + b"more", "t10k-images-idx3-ubyte is damaged: its MD5 is"),
    ],
)
def test_damaged_file_is_named_and_fetched_again(mirrors: Mirrors, raw: Path, damage, expected_reason: str) -> None:  # type: ignore[no-untyped-def]
    path = raw / "t10k-images-idx3-ubyte"
    good = path.read_bytes()
    path.write_bytes(damage(good))
    seen: list[DownloadProgress] = []
    ensure_mnist(seen.append)
    assert expected_reason in seen[0].reason
    assert path.read_bytes() == good
    assert mirrors.requests == ["a/t10k-images-idx3-ubyte.gz"]


def test_html_page_under_an_archives_name_is_named_and_fetched_again(mirrors: Mirrors, raw: Path) -> None:
    (raw / "t10k-labels-idx1-ubyte").unlink()
    (raw / "t10k-labels-idx1-ubyte.gz").write_bytes(HTML)
    seen: list[DownloadProgress] = []
    ensure_mnist(seen.append)
    assert seen[0].reason == "t10k-labels-idx1-ubyte.gz is an HTML page, not data"
    assert len(load_dataset("mnist").test) == 50


def test_whole_archive_is_unpacked_without_a_request(mirrors: Mirrors, raw: Path) -> None:
    (raw / "t10k-labels-idx1-ubyte").unlink()
    (raw / "t10k-labels-idx1-ubyte.gz").write_bytes(mirrors.archives["t10k-labels-idx1-ubyte.gz"])
    ensure_mnist()
    assert mirrors.requests == []
    assert mnist_is_here()


def test_damaged_file_is_an_error_where_nothing_can_be_downloaded(mirrors: Mirrors, raw: Path) -> None:
    (raw / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01")
    mirrors.behaviour = dict.fromkeys("abc", "500")
    with pytest.raises(DataError, match="train-labels-idx1-ubyte is truncated: 4 of 208 bytes"):
        load_dataset("mnist")


def test_folder_that_cannot_be_made_is_an_error_with_the_remedy(
    mirrors: Mirrors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("DROPOUT_MNIST_DATA", str(tmp_path / "file"))
    with pytest.raises(DataError, match="set DROPOUT_MNIST_DATA"):
        load_dataset("mnist")


def test_mirror_that_stalls_is_left_for_the_next_one(mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist_files, "TIMEOUT_SECONDS", 0.3)
    mirrors.behaviour = {"a": "stalled"}
    seen: list[DownloadProgress] = []
    ensure_mnist(seen.append)
    assert mnist_is_here()
    assert mirrors.requests[:2] == ["a/train-images-idx3-ubyte.gz", "b/train-images-idx3-ubyte.gz"]


def test_files_that_came_before_the_line_broke_are_not_fetched_again(mirrors: Mirrors) -> None:
    [*_, (_, last)] = mnist_files.MNIST_FILES
    archive = mirrors.archives.pop(last.name)
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte is missing"):
        ensure_mnist()
    mirrors.archives[last.name] = archive
    mirrors.requests.clear()
    ensure_mnist()
    assert mirrors.requests == [f"a/{last.name}"]


def test_two_who_download_at_once_get_whole_files(mirrors: Mirrors) -> None:
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
    for file, _ in mnist_files.MNIST_FILES:
        assert file.find_fault(raw_folder() / file.name) is None
