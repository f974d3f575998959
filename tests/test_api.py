"""The public API, as the README shows it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

import dropout_mnist as dm

ROOT = Path(__file__).parents[1]


def notebook_snippet() -> str:
    """Return the Python example of the README."""
    [snippet] = re.findall(
        r"```python\n(import dropout_mnist as dm\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    return str(snippet)


@pytest.mark.slow
def test_snippet_of_the_readme_runs(
    mnist_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dropout_mnist.checkpoints.folder.shipped_folder", lambda name: ROOT / name)
    image = Image.new("L", (300, 400), 235)
    ImageDraw.Draw(image).line((170, 60, 140, 340), fill=20, width=24)
    image.save("photo.jpg")
    exec(compile(notebook_snippet(), "README.md", "exec"), {})  # noqa: S102
    *epochs, prediction, accuracy = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in epochs] == ["1", "2", "3"]
    assert prediction.startswith("Prediction(digit=1, ")
    assert float(accuracy) > 0.99
    assert dm.Checkpoint.load("mine.safetensors").config.drop_prob == 0.5


def test_importing_the_package_does_not_import_torch() -> None:
    code = (
        "import sys, dropout_mnist as dm; dm.TrainConfig(); print('torch' in sys.modules); "
        "dm.MLP; print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("name", dm.__all__)
def test_public_names_exist_and_are_documented(name: str) -> None:
    assert getattr(dm, name).__doc__
    assert name in dir(dm)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        dm.nothing  # noqa: B018
