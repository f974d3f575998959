"""What the commands share: lines and JSON on stdout, errors and progress bars on stderr, the option `--weights`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tqdm import tqdm

from dropout_mnist.storage.shipped import shipped_folder

# These modules import torch, which `--help`, `--version` and `app` do not need.
if TYPE_CHECKING:
    from dropout_mnist.data.mnist_files import DownloadProgress
    from dropout_mnist.training import BatchProgress

PROGRAM = "dropout-mnist"


def add_weights(command: argparse.ArgumentParser) -> None:
    """Add the option `--weights`, by default the shipped checkpoint."""
    # Imported here because it imports torch.
    from dropout_mnist.checkpoints.folder import DEFAULT_NAME, SUFFIX

    command.add_argument(
        "--weights",
        type=Path,
        default=shipped_folder("weights") / (DEFAULT_NAME + SUFFIX),
        metavar="FILE",
        help=f"a checkpoint (default: the shipped {DEFAULT_NAME}{SUFFIX})",
    )


def print_json(values: dict[str, object]) -> None:
    """Print a JSON object on one line."""
    print_line(json.dumps(values))


def print_line(line: str) -> None:
    """Print a line and flush it.

    When the reader is gone (`| head`), continue silently: a training run is worth finishing.
    """
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(message: str) -> None:
    """Print a message on stderr, in one line that begins with the program's name."""
    print(f"{PROGRAM}: {' '.join(message.split())}", file=sys.stderr)


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
            self._bar = tqdm(
                total=progress.total,
                desc=f"Epoch {progress.epoch}",
                unit=" images",
                unit_scale=True,
                leave=False,
                disable=None,
            )
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
            print(f"{progress.reason}: downloading {progress.file} from {progress.mirror}", file=sys.stderr)
            self._bar = tqdm(total=progress.total, unit="B", unit_scale=True, leave=False, disable=None)
        if self._bar is not None:
            self._bar.update(progress.done - self._bar.n)
