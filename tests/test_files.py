import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropout_mnist.storage.files import check_writable, read_file, write_atomically

ROOT = Path(__file__).parents[1]


@pytest.fixture
def umask() -> Iterator[None]:
    """Set a umask that takes write permission from the group, and all from others."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    for data in (b"one", b"two"):
        write_atomically(path, data)
        assert path.read_bytes() == data
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_path_may_be_a_string(tmp_path: Path) -> None:
    write_atomically(str(tmp_path / "file"), b"data")
    assert (tmp_path / "file").read_bytes() == b"data"


def test_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"not a regular file: .*folder"):
        write_atomically(tmp_path / "folder", b"data")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("linked", [False, True], ids=["direct", "through a link"])
def test_special_file_is_not_replaced(tmp_path: Path, linked: bool) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    with pytest.raises(OSError, match=r"not a regular file: .*pipe"):
        write_atomically(link if linked else pipe, b"data")
    assert pipe.is_fifo()
    assert {entry.name for entry in tmp_path.iterdir()} == {"pipe", "link"}


@pytest.mark.parametrize("dangling", [False, True])
def test_link_stays_and_its_target_is_written(tmp_path: Path, dangling: bool) -> None:
    target, link = tmp_path / "elsewhere" / "target", tmp_path / "link"
    target.parent.mkdir()
    if not dangling:
        target.write_bytes(b"old")
    link.symlink_to(Path("elsewhere", "target"))
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert not target.is_symlink()


def test_new_file_respects_the_umask(tmp_path: Path, umask: None) -> None:
    write_atomically(tmp_path / "file", b"data")
    assert permissions(tmp_path / "file") == 0o640


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o664, 0o755])
def test_existing_file_keeps_its_permissions(tmp_path: Path, mode: int, umask: None) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert permissions(path) == mode


def test_temporary_files_of_killed_processes_are_removed_and_others_kept(tmp_path: Path) -> None:
    old, new = tmp_path / ".1.dropout-mnist.part", tmp_path / ".2.dropout-mnist.part"
    others = tmp_path / ".download.part"
    for part in (old, new, others):
        part.write_bytes(b"half")
    two_hours_ago = time.time() - 7200
    for part in (old, others):
        os.utime(part, (two_hours_ago, two_hours_ago))
    write_atomically(tmp_path / "file", b"whole")
    assert {entry.name for entry in tmp_path.iterdir()} == {"file", new.name, others.name}


def test_process_killed_while_it_writes_leaves_what_the_next_one_removes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    code = (
        "import os, signal, sys; from dropout_mnist.storage.files import write_atomically; "
        "os.fsync = lambda file: os.kill(os.getpid(), signal.SIGTERM); write_atomically(sys.argv[1], b'new')"
    )
    path.write_bytes(b"old")
    ended = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, timeout=60)
    assert ended.returncode == -signal.SIGTERM
    assert path.read_bytes() == b"old"
    [left] = (entry for entry in tmp_path.iterdir() if entry != path)
    two_hours_ago = time.time() - 7200
    os.utime(left, (two_hours_ago, two_hours_ago))
    write_atomically(path, b"later")
    assert list(tmp_path.iterdir()) == [path]


def test_longest_name_is_written_and_a_longer_one_is_refused_before(tmp_path: Path) -> None:
    longest = tmp_path / ("x" * os.pathconf(tmp_path, "PC_NAME_MAX"))
    check_writable(longest)
    write_atomically(longest, b"data")
    assert longest.read_bytes() == b"data"
    for write in (check_writable, lambda path: write_atomically(path, b"data")):
        with pytest.raises(OSError, match="File name too long"):
            write(tmp_path / (longest.name + "x"))
    assert list(tmp_path.iterdir()) == [longest]


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/full"])
def test_device_is_not_read(device: str) -> None:
    with pytest.raises(OSError, match=f"Is a device: '{device}'"):
        read_file(device, 100)


def test_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"x" * 200_000,))
    writer.start()
    assert read_file(pipe, 200_000) == b"x" * 200_000
    writer.join()


def test_pipe_that_has_too_much_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"x" * 10,))
    writer.start()
    with pytest.raises(OSError, match=r"Has more than 0 MB: .*pipe"):
        read_file(pipe, 9)
    writer.join()


def test_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"1234")
    assert read_file(path, 4) == b"1234"
    with pytest.raises(OSError, match=r"Has more than 0 MB: .*file"):
        read_file(path, 3)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("fsync", OSError(errno.ENOSPC, "No space left on device")),
        ("open", OSError(errno.EROFS, "Read-only file system", ".temporary")),
        ("replace", OSError(errno.EIO, "Input/output error", ".temporary", None, "file")),
    ],
)
def test_error_names_the_file_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: OSError
) -> None:
    def fail(*_: object, **options: object) -> None:
        raise error

    path = tmp_path / "file"
    path.write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, name, fail)
        with pytest.raises(OSError, match=rf"{error.strerror}: '{path}'$"):
            write_atomically(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"
