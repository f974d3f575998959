"""The commands of the program, and how each is run."""

import argparse
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import NoReturn

import dropout_mnist
from dropout_mnist.cli.output import PROGRAM, output_is_lost, prepare_streams, print_error

# Each is a module of this package; its `add_parser(commands)` adds a parser whose default `run` is the command.
COMMANDS = {
    "app": "open the page in a browser (the default command)",
    "train": "train the network, or load the weights of an earlier run with the same settings",
    "evaluate": "measure a checkpoint on test images or on pen strokes",
    "predict": "recognize the digit in each picture",
    "export": "write a network for use elsewhere",
    "sweep": "train a grid of networks and write tables of results",
}
_DEFAULT = "app"

_OUT_OF_MEMORY = re.compile("allocate memory|not enough memory|out of memory")


def run_command(given: Sequence[str] | None) -> int:
    """Run one command and return its exit code; report an error in one line.

    Args:
        given: the arguments of `main`.
    """
    prepare_streams()
    # scikit-learn imports joblib, which needs no processes here.
    warnings.filterwarnings("ignore", message=".*joblib will operate in serial mode")
    arguments = list(sys.argv[1:] if given is None else given)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments = [_DEFAULT, *arguments]
    try:
        with _end_when_interrupted():
            parser = _parser(arguments[0])
        options = parser.parse_args(arguments)
        code: int = options.run(options)
        return code or (2 if output_is_lost() else 0)
    except Exception as error:
        message = _describe(error)
        if message is None:
            raise
        print_error(message)
        return 2


def _describe(error: Exception) -> str | None:
    """Return what an error means to the user, None if only a traceback can say it."""
    text = str(error)
    # The standard library and the packages that look for a folder of the user raise a plain RuntimeError.
    if isinstance(error, RuntimeError) and "home directory" in text:
        return (
            "the home folder is unknown: set HOME to a folder that you can write to, and check any ~ in "
            "DROPOUT_MNIST_WEIGHTS, DROPOUT_MNIST_DATA and DROPOUT_MNIST_MEASUREMENTS"
        )
    # torch's allocators raise a RuntimeError.
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _OUT_OF_MEMORY.search(text)):
        return "there is not enough memory: try fewer images, a smaller batch size or smaller layers"
    # The project's own errors are recognized by their module: importing their classes would import torch.
    own = type(error).__module__.startswith(f"{dropout_mnist.__name__}.")
    return text if own or isinstance(error, (ValueError, OSError)) else None


@contextmanager
def _end_when_interrupted() -> Iterator[None]:
    """Let Ctrl-C end the process at once, without an exception.

    What is being imported may catch `KeyboardInterrupt`, and then fails or does not work later.
    """
    # Other handlers are the caller's. A thread cannot change them.
    if (
        signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: FrameType | None) -> None:
    # The signal may come while Python writes to its own stream.
    os.write(2, f"{PROGRAM}: interrupted\n".encode())
    os._exit(130)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print_error(f"{message} (see --help)")
        self.exit(2)


def _parser(command: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=PROGRAM, description=(dropout_mnist.__doc__ or "").partition("\n")[0])
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {dropout_mnist.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name, summary in COMMANDS.items():
        if name == command:
            # Only this one: importing torch takes seconds.
            import_module(f"dropout_mnist.cli.{name}").add_parser(commands)
        else:
            commands.add_parser(name, help=summary, add_help=False)
    return parser
