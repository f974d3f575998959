import os
import time
from pathlib import Path

import pytest

from dropout_mnist.storage.files import write_atomically


def test_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    for data in (b"one", b"two"):
        write_atomically(path, data)
        assert path.read_bytes() == data
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomically(tmp_path / "folder", b"data")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_what_killed_processes_left_is_removed_and_what_others_write_now_is_not(tmp_path: Path) -> None:
    old, new = tmp_path / ".file.1.part", tmp_path / ".file.2.part"
    for part in (old, new):
        part.write_bytes(b"half")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    write_atomically(tmp_path / "file", b"whole")
    assert {entry.name for entry in tmp_path.iterdir()} == {"file", new.name}
