"""The command that makes the shipped measurements."""

import sys
from pathlib import Path

import pytest

from benchmarks import measure
from dropout_mnist.experiments.measurements import MEASUREMENTS
from dropout_mnist.experiments.results import measurements_folder
from dropout_mnist.experiments.studies import STUDIES

pytestmark = pytest.mark.slow


def test_every_shipped_folder_belongs_to_a_study() -> None:
    assert {path.name for path in measurements_folder().iterdir() if path.is_dir()} <= set(STUDIES)


def test_the_cost_of_every_measurement_is_known() -> None:
    assert set(measure.ANSWERS) == {*MEASUREMENTS, "doubt"}


def test_unknown_study_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["measure", "nonsense"])
    with pytest.raises(SystemExit):
        measure.main()
    assert "there is no study 'nonsense'" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["file", "file/folder", "x" * 300])
def test_output_that_cannot_be_written_is_one_line_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(measure, "PaceBook", lambda: pytest.fail("something was measured"))
    monkeypatch.setattr(sys, "argv", ["measure", "rate", "--output", str(tmp_path / output)])
    assert measure.main() == 2
    error = capsys.readouterr().err
    assert error.startswith("measurements cannot be written: ")
    assert error.count("\n") == 1


def test_empty_output_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["measure", "--output", ""])
    with pytest.raises(SystemExit):
        measure.main()
    assert "must be a path, not an empty text" in capsys.readouterr().err


def test_study_is_made_once_and_then_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--dataset digits --hidden-sizes 8 --epochs 1 --drop-prob 0 0.5"
    monkeypatch.setitem(STUDIES, "rate", type(STUDIES["rate"])(sweeps=(options,)))
    monkeypatch.setattr(sys, "argv", ["measure", "rate", "--output", str(tmp_path)])
    assert measure.main() == 0
    assert "2 runs, 0 of them already done" in capsys.readouterr().err
    before = (tmp_path / "rate" / "epochs.csv").read_bytes()
    assert measure.main() == 0
    assert "2 runs, 2 of them already done" in capsys.readouterr().err
    assert (tmp_path / "rate" / "epochs.csv").read_bytes() == before


def test_estimate_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--dataset digits --hidden-sizes 8 --epochs 1 --drop-prob 0 0.5"
    monkeypatch.setitem(STUDIES, "rate", type(STUDIES["rate"])(sweeps=(options,)))
    monkeypatch.setattr(sys, "argv", ["measure", "rate", "--output", str(tmp_path), "--estimate"])
    assert measure.main() == 0
    assert "rate             2 runs" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
