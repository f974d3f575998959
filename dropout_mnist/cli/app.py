"""`app`: open the page in a browser."""

import argparse
import runpy
import sys
from collections.abc import Sequence
from typing import Any

from dropout_mnist.server.environment import check_environment
from dropout_mnist.storage.shipped import shipped_root


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "app",
        description="Open the page in a browser. This is what the program does without a command, too.",
        usage="%(prog)s [-h] [--port N] [--no-browser] [-- OPTION ...]",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("--port", type=_port, metavar="N", help="port of the server (default: 8501, or the next free one)")
    add("--no-browser", "--headless", action="store_true", help="start the server and open no browser")
    add(
        "streamlit_options",
        nargs="*",
        metavar="OPTION",
        help="after `--`: options of `streamlit run`, for example --server.address=127.0.0.1",
    )


def run(options: argparse.Namespace) -> int:
    """Serve the page until the process is stopped; return the exit code.

    Raises:
        SystemExit: the server ended.
        ValueError: an option or an environment variable is wrong.
    """
    extra: list[str] = options.streamlit_options
    if extra and not extra[0].startswith("-"):
        raise ValueError(f"app takes no argument {extra[0]!r}; Streamlit's options follow `--`")
    # In one line now, not on the page later.
    check_environment()
    sys.argv = ["streamlit", *streamlit_arguments(port=options.port, browser=not options.no_browser, extra=extra)]
    # `python -m streamlit` in this process, so that signals and the exit code need no forwarding.
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0


def streamlit_arguments(*, port: int | None = None, browser: bool = True, extra: Sequence[str] = ()) -> list[str]:
    """Return the arguments of `streamlit` that serve the page.

    The settings in `.streamlit/config.toml` next to the script apply, whatever the working directory is.

    Args:
        port: of the server; Streamlit's choice by default.
        browser: whether to open the page in a browser.
        extra: further options of `streamlit run`, which override the others.
    """
    # On its first run Streamlit would ask for an email address before it serves anything.
    arguments = ["run", str(shipped_root() / "app.py"), "--server.showEmailPrompt=false"]
    if port is not None:
        arguments.append(f"--server.port={port}")
    if not browser:
        arguments.append("--server.headless=true")
    return [*arguments, *extra]


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 65,535, not {text!r}")
