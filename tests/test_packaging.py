"""The installed program: its metadata, its command and the files that come with it."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import dropout_mnist
from dropout_mnist.cli.app import streamlit_arguments
from dropout_mnist.cli.commands import COMMANDS
from dropout_mnist.cli.main import main
from dropout_mnist.storage.shipped import shipped_folder, shipped_root

from .conftest import SHIPPED

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dropout_mnist"
# Where the wheel keeps what is outside the package in a checkout.
IN_WHEEL = "dropout_mnist/shipped"
WEIGHTS = {f"weights/{name}.safetensors" for name in SHIPPED}
MEASUREMENTS = {path.relative_to(ROOT).as_posix() for path in (ROOT / "measurements").rglob("*.csv")}


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


@pytest.mark.parametrize(
    ("file", "requirement"),
    [
        ("requirements.txt", "-e ."),
        ("requirements-dev.txt", "-e .[dev]"),
        ("benchmarks/requirements.txt", "-e .[bench]"),
    ],
)
def test_requirements_files_install_what_pyproject_declares(
    project: dict[str, Any], file: str, requirement: str
) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == [requirement]
    assert set(re.findall(r"\[(.*)\]", requirement)) <= set(project["optional-dependencies"])


def test_every_dependency_has_an_upper_bound(project: dict[str, Any]) -> None:
    assert [requirement for requirement in project["dependencies"] if ",<" not in requirement] == []


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"dropout-mnist {dropout_mnist.__version__}\n"


def test_help_lists_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--help"])
    listed = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert listed == ["app", "train", "evaluate", "predict", "export", "sweep"] == list(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["app", "--help"], ["app", "--port", "x"]])
def test_torch_is_imported_by_commands_only(arguments: list[str]) -> None:
    code = (
        "import sys; from dropout_mnist.cli.main import main\n"
        f"try: main({arguments})\n"
        "finally: print(sorted({'torch', 'streamlit', 'pandas'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["trian"], ["app", "8502"], ["--colour"], ["app", "--port", "x"]])
def test_usage_error_is_reported_in_one_line(arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "dropout_mnist", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 2
    assert re.fullmatch(r"dropout-mnist: .*\n", result.stderr)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_port_out_of_range_is_refused(capsys: pytest.CaptureFixture[str], port: str) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["app", "--port", port])
    assert f"must be a whole number from 1 to 65,535, not '{port}'" in capsys.readouterr().err


def test_app_serves_the_shipped_script() -> None:
    script = str(shipped_root() / "app.py")
    assert streamlit_arguments() == ["run", script, "--server.showEmailPrompt=false"]
    assert Path(script).is_file()


def test_app_passes_options_to_streamlit() -> None:
    given = streamlit_arguments(port=8502, browser=False, extra=["--server.address=127.0.0.1"])
    assert given[3:] == ["--server.port=8502", "--server.headless=true", "--server.address=127.0.0.1"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], []),
        (["app"], []),
        (["--port", "8502"], ["--server.port=8502"]),
        (["app", "--headless"], ["--server.headless=true"]),
        (
            ["app", "--no-browser", "--", "--server.address", "::1"],
            ["--server.headless=true", "--server.address", "::1"],
        ),
        (["--", "--theme.base=dark"], ["--theme.base=dark"]),
    ],
)
def test_command_line_opens_the_page(tmp_path: Path, arguments: list[str], expected: list[str]) -> None:
    (tmp_path / "streamlit.py").write_text("import sys; print(*sys.argv[4:], sep='\\n')")
    result = subprocess.run(
        [sys.executable, "-m", "dropout_mnist", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == expected


def test_shipped_folders_are_found_from_any_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {path.name for path in shipped_folder("weights").iterdir()} >= {f"{name}.safetensors" for name in SHIPPED}
    assert (shipped_folder("measurements") / "rate" / "epochs.csv").is_file()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a wheel and an sdist of a checkout where a user trained a network."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("dropout_mnist", "weights", "measurements", ".streamlit"):
        shutil.copytree(ROOT / name, checkout / name)
    for name in ("app.py", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, checkout)
    (checkout / "weights" / "trained-by-a-user.safetensors").touch()
    subprocess.run([sys.executable, "-m", "hatchling", "build"], cwd=checkout, check=True, timeout=120)
    return checkout / "dist"


@pytest.mark.slow
def test_wheel_holds_the_package_and_what_is_shipped(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    kinds = {".py", ".typed", ".js", ".css", ".jinja", ".po"}
    modules = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*") if path.suffix in kinds}
    outside = {"app.py", ".streamlit/config.toml"} | WEIGHTS | MEASUREMENTS
    assert modules | {f"{IN_WHEEL}/{name}" for name in outside} <= names
    assert {name for name in names if name.startswith(f"{IN_WHEEL}/weights")} == {
        f"{IN_WHEEL}/{name}" for name in WEIGHTS
    }
    assert all(name.startswith("dropout_mnist/") for name in names)


@pytest.mark.slow
def test_sdist_holds_shipped_weights_only(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"app.py", ".streamlit/config.toml", "hatch_build.py", "dropout_mnist/cli/main.py"} | MEASUREMENTS <= names
    assert {name for name in names if name.endswith(".safetensors")} == WEIGHTS
