"""Imports point one way, and only constants become HTML."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dropout_mnist"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# The modules directly in the package are the core. Everything may import two of them, and the folder of messages.
BASICS = {"shapes", "setting", "messages"}

# What the modules of each folder may import, besides the basics and their own folder.
ALLOWED: dict[str, set[str]] = {
    "storage": set(),
    "hardware": set(),
    "preprocessing": {"storage"},
    "live": set(),
    "data": {"preprocessing", "storage"},
    "augmentation": {"data", "preprocessing"},
    "core": {"augmentation", "data", "hardware", "preprocessing", "storage"},
    "recording": {"core", "preprocessing"},
    "adaptation": {"core", "augmentation", "data", "hardware", "preprocessing", "storage"},
    "checkpoints": {"core", "data", "storage"},
    "experiments": {"core", "checkpoints", "data", "hardware", "preprocessing", "storage"},
    "server": {"core", "checkpoints", "data", "recording"},
    "export": {"core", "data", "live"},
    "cli": {
        "core",
        "adaptation",
        "checkpoints",
        "data",
        "hardware",
        "preprocessing",
        "recording",
        "storage",
        "experiments",
        "export",
        "server",
    },
    "ui": {
        "core",
        "adaptation",
        "checkpoints",
        "data",
        "preprocessing",
        "augmentation",
        "storage",
        "experiments",
        "export",
        "live",
        "recording",
        "server",
    },
}


def imported_modules(path: Path) -> set[str]:
    """Return what a module imports, also inside functions, as far as it runs: not what is for type checkers only."""

    def walk(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            return
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names)
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    return set(walk(ast.parse(path.read_text(encoding="utf-8"))))


def folder_of(module: str) -> str:
    """Return the folder of a module of the package; "core" for those directly in it."""
    parts = module.split(".")
    if parts[1] in BASICS:
        return "basics"
    if len(parts) > 2 or MODULES[module].name == "__init__.py":
        return parts[1]
    return "core"


# Without the public API, which imports nothing until a name is used, and the start of the command line.
IMPORTS = {
    module: imported_modules(path)
    for module, path in MODULES.items()
    if module not in ("dropout_mnist", "dropout_mnist.__main__")
}


@pytest.mark.parametrize("module", IMPORTS)
def test_imports_point_one_way(module: str) -> None:
    folder = folder_of(module)
    allowed = {"basics", folder} | (ALLOWED[folder] if folder != "basics" else set())
    own = {name for name in IMPORTS[module] if name in IMPORTS}
    assert {name for name in own if folder_of(name) not in allowed} == set()


def test_no_module_is_part_of_an_import_cycle() -> None:
    graph = {module: {name for name in imports if name in IMPORTS} - {module} for module, imports in IMPORTS.items()}
    # Raises CycleError, which lists the modules of a cycle.
    assert set(TopologicalSorter(graph).static_order()) == set(IMPORTS)


@pytest.mark.parametrize("module", [module for module in IMPORTS if folder_of(module) != "ui"])
def test_only_ui_imports_streamlit(module: str) -> None:
    assert not {name for name in IMPORTS[module] if name.startswith("streamlit")}


@pytest.mark.parametrize(
    "module", [module for module in IMPORTS if folder_of(module) not in ("ui", "cli", "server", "experiments")]
)
def test_nothing_below_the_server_runs_in_parallel(module: str) -> None:
    assert not IMPORTS[module] & {"threading", "concurrent.futures", "multiprocessing"}


def test_at_most_a_dozen_modules_are_directly_in_the_package() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 12


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_only_constants_become_html(path: Path) -> None:
    """The linter has no rule against markup that visitors could write into."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        assert not {"unsafe_allow_html", "unsafe_allow_javascript"} & {keyword.arg for keyword in node.keywords}
        if isinstance(node.func, ast.Attribute) and node.func.attr == "html":
            assert all(isinstance(given, ast.Name) and given.id.isupper() for given in node.args)
