"""The command line: `dropout-mnist app | train | evaluate | predict | sweep`.

Results go to stdout, progress and errors to stderr. Exit codes: 0 success; 1 some pictures could not be read or some
runs failed; 2 an error, reported in one line; 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import dropout_mnist
from dropout_mnist.cli.output import PROGRAM, print_error

# Each is a module of this package; its `add_parser(commands)` adds a parser whose default `run` is the command.
COMMANDS = {
    "app": "open the page in a browser (the default command)",
    "train": "train the network, or load the weights of an earlier run with the same settings",
    "evaluate": "measure a checkpoint on test images or on pen strokes",
    "predict": "recognize the digit in each picture",
    "sweep": "train a grid of networks and write tables of results",
}
_DEFAULT = "app"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: without the program's name; `sys.argv[1:]` by default.

    Raises:
        SystemExit: after `--help` or `--version`, on a usage error, and when the page's server ends.
    """
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        print_error("interrupted")
        return 130


def _run(arguments: list[str]) -> int:
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments = [_DEFAULT, *arguments]
    try:
        options = _parser(arguments[0]).parse_args(arguments)
        code: int = options.run(options)
        return code
    except Exception as error:
        # The project's own errors are recognized by their module: importing their classes would import torch.
        if isinstance(error, (ValueError, OSError)) or type(error).__module__.startswith(f"{dropout_mnist.__name__}."):
            print_error(str(error))
            return 2
        raise


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
            # Only this one, and not before the try of `main`: importing torch takes seconds, and Ctrl-C may come then.
            import_module(f"dropout_mnist.cli.{name}").add_parser(commands)
        else:
            commands.add_parser(name, help=summary, add_help=False)
    return parser
