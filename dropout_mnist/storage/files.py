"""Write files so that a crash at any moment leaves either the old file or the new one, and read them."""

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

_SUFFIX = ".dropout-mnist.part"
# Bytes that are read of a pipe at a time.
_BLOCK = 2**20
# A temporary file of this age belongs to a process that was killed.
_ABANDONED_SECONDS = 3600


def write_atomically(path: Path | str, data: bytes) -> None:
    """Write a file atomically: write a temporary file in the same folder, sync it to disk, then rename it.

    A missing folder is created. If `path` is a symbolic link, the link stays and its target is replaced. A new file
    gets the permissions of the process's umask; an existing one keeps its own. Temporary files that killed processes
    left in the folder are removed.

    Raises:
        OSError: the folder is not writable, the disk is full, or `path` is a folder, a device or another special
            file. What is at `path` is left as it was.
    """
    target = Path(os.path.realpath(path))
    permissions = _find_permissions(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target.parent)
    # The target's own name in it could make it too long.
    temporary = target.with_name(f".{secrets.token_hex(8)}{_SUFFIX}")
    mode = 0o666 if permissions is None else permissions
    try:
        with _naming(target):
            _write(temporary, data, mode, permissions)
            # After closing: Windows does not rename open files.
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_writable(path: Path | str) -> None:
    """Check that `write_atomically` could write a small file at `path`, without changing what is there.

    A missing folder is created.

    Raises:
        OSError: it could not.
    """
    target = Path(os.path.realpath(path))
    _find_permissions(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _naming(target), NamedTemporaryFile(dir=target.parent, prefix=".", suffix=_SUFFIX):
        pass


def read_file(path: Path | str, most: int) -> bytes:
    """Read a file or a pipe.

    Args:
        path: of the file.
        most: bytes that it may have.

    Raises:
        OSError: it cannot be read, is larger, or is a device, which may have no end.
    """
    too_large = OSError(errno.EFBIG, f"Has more than {most / 1e6:,.0f} MB", str(path))
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            raise OSError(errno.EINVAL, "Is a device", str(path))
        if status.st_size > most:
            raise too_large
        if stat.S_ISREG(status.st_mode):
            return file.read()
        # A pipe does not state its size.
        data = bytearray()
        while block := file.read(_BLOCK):
            data += block
            if len(data) > most:
                raise too_large
        return bytes(data)


def _write(path: Path, data: bytes, mode: int, permissions: int | None) -> None:
    # The system applies the umask, which cannot be read without changing it for all threads.
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if permissions is not None:
        path.chmod(permissions)


@contextmanager
def _naming(target: Path) -> Iterator[None]:
    """Let errors name the target: those of the temporary file name that, and those of a full disk nothing."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error


def _find_permissions(target: Path) -> int | None:
    """Return the permission bits of a regular file; None if it does not exist."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Cannot replace what is not a regular file", str(target))
    return mode & 0o777


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(f".*{_SUFFIX}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()
