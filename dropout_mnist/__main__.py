"""The command line: `python -m dropout_mnist train | evaluate | predict | sweep`.

Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 some pictures could not be read, or
some runs failed, 2 an error, told in one line, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

import dropout_mnist
from dropout_mnist.checkpoint import CheckpointError
from dropout_mnist.cli import evaluate, predict, sweep, train
from dropout_mnist.data.mnist_files import DataError
from dropout_mnist.experiments.results import ResultsError
from dropout_mnist.training import DivergedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        return code
    except (ValueError, OSError, DataError, CheckpointError, DivergedError, ResultsError) as error:
        print(f"dropout_mnist: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dropout_mnist: interrupted", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"dropout_mnist: {message} (see --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m dropout_mnist", description=dropout_mnist.__doc__)
    commands = parser.add_subparsers(required=True, metavar="train | evaluate | predict | sweep")
    for command in (train, evaluate, predict, sweep):
        command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
