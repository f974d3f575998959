"""The notebook in docs/: its cells run, and what is committed are the outputs of one complete run."""

import json
from pathlib import Path
from typing import Any

import pytest

import dropout_mnist as dm

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "dropout.ipynb"


def code_cells() -> list[dict[str, Any]]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.slow
def test_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dropout_mnist.checkpoints.folder.shipped_folder", lambda name: ROOT / name)
    namespace: dict[str, Any] = {}
    for number, cell in enumerate(code_cells(), 1):
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), namespace)  # noqa: S102
    assert dm.load("augmented").predict(namespace["drawing"]).digit == 3
    assert dm.load("mine.safetensors").config == namespace["checkpoint"].config
    # Dropout in train mode, and none in eval mode.
    train, again, evaluation = (line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()[:3])
    assert train == again != evaluation
    # Thinned networks disagree, but most answers are right.
    assert namespace["answers"].std(dim=0).max() > 0.01
    assert namespace["recognized"].float().mean() > 0.7


def test_committed_outputs_are_those_of_one_complete_run() -> None:
    cells = code_cells()
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} == {"execute_result", "stream"}
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert NOTEBOOK.stat().st_size < 100_000
