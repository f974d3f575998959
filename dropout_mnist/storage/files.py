"""Writing files so that a crash at any moment leaves the old file or the new one, never half of one."""

import os
import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

_SUFFIX = ".part"
# By then whoever was writing a temporary file has been killed.
_ABANDONED_SECONDS = 3600


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to a temporary file in the same folder, sync it to disk, then give it its name.

    The folder is created if it is missing; temporary files that killed processes left behind are removed.

    Raises:
        OSError: the folder cannot be written to or the disk is full; a file at `path` is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=_SUFFIX, delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # Windows renames no open file.
            file.close()
            # Temporary files are private; what they become is not.
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            file.close()
            temporary.unlink(missing_ok=True)
            raise


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(f".*{_SUFFIX}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()
