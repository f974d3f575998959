"""Wrong environment variables of a server are one line before it starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from dropout_mnist.cli import app
from dropout_mnist.cli.main import main
from dropout_mnist.server.environment import check_environment

ROOT = Path(__file__).parents[1]

WRONG = [
    ("DROPOUT_MNIST_MAX_EPOCHS", "many", "must be a positive whole number, not 'many'"),
    ("DROPOUT_MNIST_MAX_WAITING", "0", "must be a positive whole number, not '0'"),
    ("DROPOUT_MNIST_MAX_MINUTES", "-1", "must be a positive whole number, not '-1'"),
    ("DROPOUT_MNIST_MAX_WEIGHTS", "1e6", "must be a positive whole number, not '1e6'"),
    ("DROPOUT_MNIST_MAX_MODELS", "9" * 5_000, "must be a positive whole number, not '999"),
    ("DROPOUT_MNIST_CONFIRM_MINUTES", "2.5", "must be a positive whole number, not '2.5'"),
    ("DROPOUT_MNIST_DATA", "~nobody-here/mnist", "the home folder in DROPOUT_MNIST_DATA=~nobody-here/mnist is unknown"),
    ("DROPOUT_MNIST_WEIGHTS", "~nobody-here", "the home folder in DROPOUT_MNIST_WEIGHTS=~nobody-here is unknown"),
    ("DROPOUT_MNIST_MEASUREMENTS", "~nobody-here", "the home folder in DROPOUT_MNIST_MEASUREMENTS=~nobody-here is"),
]


@pytest.mark.parametrize(("variable", "value", "message"), WRONG, ids=[variable for variable, *_ in WRONG])
def test_wrong_variable_is_named_in_one_line_before_the_server_starts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setattr(app.runpy, "run_module", lambda *_, **options: pytest.fail("the server started"))
    monkeypatch.setenv(variable, value)
    assert main(["app", "--no-browser"]) == 2
    error = capsys.readouterr().err
    assert variable in error
    assert message in error
    assert error.count("\n") == 1
    assert len(error) < 250


def test_check_does_not_import_torch() -> None:
    # The canvas of a new server appears before torch is imported, which takes seconds.
    code = (
        "import sys; import dropout_mnist.server.environment as e; e.check_environment(); print('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("False\n", "")


def test_usual_variables_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    check_environment()
    for variable, value in {
        "DROPOUT_MNIST_MAX_EPOCHS": "20",
        "DROPOUT_MNIST_MAX_WAITING": "",
        "DROPOUT_MNIST_DATA": "~/mnist",
        "DROPOUT_MNIST_WEIGHTS": "",
        "DROPOUT_MNIST_MEASUREMENTS": "no/where",
    }.items():
        monkeypatch.setenv(variable, value)
    check_environment()
