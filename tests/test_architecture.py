"""Imports point one way."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dropout_mnist"
MODULES = sorted(PACKAGE.rglob("*.py"))
BELOW_UI = [path for path in MODULES if "ui" not in path.relative_to(PACKAGE).parts]
BELOW_QUEUE = [path for path in BELOW_UI if path.name not in ("queue.py", "sweep.py", "__main__.py")]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", BELOW_UI, ids=lambda path: path.stem)
def test_nothing_below_ui_imports_streamlit(path: Path) -> None:
    assert not {name for name in imports(path) if name.startswith(("streamlit", "dropout_mnist.ui"))}


@pytest.mark.parametrize("path", BELOW_QUEUE, ids=lambda path: path.stem)
def test_nothing_below_the_queue_imports_threading(path: Path) -> None:
    assert not imports(path) & {"threading", "concurrent.futures", "multiprocessing", "dropout_mnist.server.queue"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_constants_become_html(path: Path) -> None:
    """What the linter has no rule for: markup that visitors could write into."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        assert not {"unsafe_allow_html", "unsafe_allow_javascript"} & {keyword.arg for keyword in node.keywords}
        if isinstance(node.func, ast.Attribute) and node.func.attr == "html":
            assert all(isinstance(given, ast.Name) and given.id.isupper() for given in node.args)
