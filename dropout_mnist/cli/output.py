"""What the commands share: lines and JSON on stdout; notes, errors and progress bars on stderr; types of options."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from dropout_mnist.storage.shipped import shipped_folder

# These modules take long to import, and `--help`, `--version` and `app` do not need them.
if TYPE_CHECKING:
    from tqdm import tqdm

    from dropout_mnist.data.mnist_files import DownloadProgress
    from dropout_mnist.training import BatchProgress

PROGRAM = "dropout-mnist"

# Characters that begin a new line or move the cursor.
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_output_is_lost = False


def prepare_streams() -> None:
    """Make sure that stdout and stderr exist and accept every character.

    A character that their encoding lacks is written as an escape sequence, such as `\\u6570`. What is written to a
    stream that is closed, as after `2>&-`, is lost.
    """
    # Without this, the next file that is opened would become standard output or standard error.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    sys.stdout = sys.stdout or _open_null()
    sys.stderr = sys.stderr or _open_null()
    for stream in (sys.stdout, sys.stderr):
        # Notebooks and test runners have streams of other classes.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def path_argument(text: str) -> Path:
    """Return the path that an option names. Shells do not expand the `~` of `--output=~/file`.

    Raises:
        ArgumentTypeError: the text is empty, or the home folder that it starts with is unknown.
    """
    if not text:
        raise argparse.ArgumentTypeError("must be a path, not an empty text")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"the home folder in {text!r} is unknown") from None


def file_argument(text: str) -> Path:
    """Return the path of a file to write that an option names.

    Raises:
        ArgumentTypeError: it is the path of a folder, or not a path.
    """
    path = path_argument(text)
    # A path drops the separator at the end of a folder that does not exist yet.
    if path.is_dir() or text.endswith(("/", os.sep)):
        raise argparse.ArgumentTypeError(f"must name a file, and {text} is a folder")
    return path


def add_weights(command: argparse.ArgumentParser) -> None:
    """Add the option `--weights`, by default the shipped checkpoint."""
    # Imported here because it imports torch.
    from dropout_mnist.checkpoints.folder import DEFAULT_NAME, SUFFIX

    command.add_argument(
        "--weights",
        type=path_argument,
        default=shipped_folder("weights") / (DEFAULT_NAME + SUFFIX),
        metavar="FILE",
        help=f"use this checkpoint (default: the shipped {DEFAULT_NAME}{SUFFIX})",
    )


def one_line(text: str) -> str:
    """Return the text on one line, with control characters as escape sequences."""
    return escape(" ".join(text.split()))


def escape(text: str) -> str:
    """Return the text with control characters, which file names may have, as escape sequences."""
    return _CONTROL_CHARACTERS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def print_json(values: dict[str, object]) -> None:
    """Print a JSON object on one line."""
    print_line(json.dumps(values))


def print_line(line: str) -> None:
    """Print a line and flush it. Control characters are escaped, so that it stays one line.

    When it cannot be written, continue: a training run is worth finishing. Nothing is said about it when the reader
    is gone (`| head`).
    """
    global _output_is_lost
    try:
        print(escape(line), flush=True)
    except BrokenPipeError:
        _redirect_to_null(sys.stdout)
    except OSError as error:
        _redirect_to_null(sys.stdout)
        _output_is_lost = True
        print_error(f"standard output cannot be written ({error.strerror}): the rest is lost")


def output_is_lost() -> bool:
    """Whether results could not be written to stdout, for another reason than that their reader is gone."""
    return _output_is_lost


def print_error(message: str) -> None:
    """Print a message on stderr, in one line that begins with the program's name."""
    print_note(f"{PROGRAM}: {message}")


def print_note(message: str) -> None:
    """Print a message on stderr, in one line; lose it if that cannot be written."""
    try:
        print(one_line(message), file=sys.stderr, flush=True)
    except OSError:
        _redirect_to_null(sys.stderr)


def _open_null() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _redirect_to_null(stream: TextIO) -> None:
    """Lose what is written to a stream from now on; Python would complain at exit about what could not be written."""
    # A stream in memory has no descriptor.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class EpochBar:
    """A progress bar for each epoch, if stderr is a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._epoch = 0

    def __enter__(self) -> EpochBar:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def on_batch(self, progress: BatchProgress) -> None:
        if self._bar is None or progress.epoch != self._epoch:
            self.clear()
            self._epoch = progress.epoch
            self._bar = _open_bar(desc=f"Epoch {progress.epoch}", total=progress.total, unit=" images")
        self._bar.update(progress.done - self._bar.n)

    def clear(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class DownloadBar:
    """A line on stderr for each downloaded file, and a progress bar if stderr is a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._source: tuple[str, str] | None = None

    def __enter__(self) -> DownloadBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def report(self, progress: DownloadProgress) -> None:
        if self._source != (progress.file, progress.mirror):
            self.__exit__()
            self._source = (progress.file, progress.mirror)
            print_note(f"{progress.reason}: downloading {progress.file} from {progress.mirror}")
            self._bar = _open_bar(desc=None, total=progress.total, unit="B")
        if self._bar is not None:
            self._bar.update(progress.done - self._bar.n)


def _open_bar(*, desc: str | None, total: int, unit: str) -> tqdm[NoReturn]:
    from tqdm import tqdm

    # Without a terminal there is no bar.
    return tqdm(desc=desc, total=total, unit=unit, unit_scale=True, leave=False, disable=None)
