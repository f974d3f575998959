"""The panel's source: its modules joined into one script, and its style."""

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import \{[^}]*\} from "[./\w]*?(\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@cache
def script(*names: str, package: str = "dropout_mnist.live") -> str:
    """Return modules and all that they import, joined into one ES module without imports.

    All modules share one scope then, so their top-level names must differ. Nothing is exported but a default.

    Args:
        names: of the modules; "panel.js" and "recorder.js" if there are none.
        package: the package that they are in; what they import is in `dropout_mnist.live`.
    """
    parts: dict[str, str] = {}

    def add(name: str, package: str) -> None:
        text = (files(package) / name).read_text(encoding="utf-8")
        for imported in _IMPORT.findall(text):
            if imported not in parts:
                add(imported, __package__)
        parts[name] = _EXPORT.sub("", _IMPORT.sub("", text)).strip()

    for name in names or ("panel.js", "recorder.js"):
        if name not in parts:
            add(name, package)
    return "\n\n".join(parts.values()) + "\n"


@cache
def style() -> str:
    """Return the panel's style sheet."""
    return (files(__package__) / "panel.css").read_text(encoding="utf-8")
