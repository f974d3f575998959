"""Where the files that come with the program are: the page's script, weights and measurements."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_INSTALLED = _PACKAGE / "shipped"


def shipped_root() -> Path:
    """Return the folder that holds `app.py`, `weights` and `measurements`.

    In an installed package it is `shipped/` inside the package; in a checkout, the folder that contains the package.
    """
    return _INSTALLED if is_installed() else _PACKAGE.parent


def is_installed() -> bool:
    """Whether this is an installed package, and not a checkout."""
    return _INSTALLED.is_dir()


def shipped_folder(name: str) -> Path:
    """Return a folder that comes with the program: `weights` or `measurements`. It may be read-only."""
    return shipped_root() / name
