"""The command line: `dropout-mnist app | train | evaluate | predict | export | sweep`.

Results go to stdout, progress and errors to stderr. Exit codes: 0 success; 1 some pictures could not be read or some
runs failed; 2 an error, reported in one line; 130 interrupted.
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: without the program's name; `sys.argv[1:]` by default.

    Raises:
        SystemExit: after `--help` or `--version`, on a usage error, and when the page's server ends.
    """
    try:
        # Imported here because Ctrl-C may come while modules are imported.
        from dropout_mnist.cli.commands import run_command

        return run_command(arguments)
    except KeyboardInterrupt:
        print("dropout-mnist: interrupted", file=sys.stderr)
        return 130
