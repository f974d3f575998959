"""`predict`: what it reads, what it skips, and in which order it answers."""

import errno
import io
import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from dropout_mnist.cli import predict
from dropout_mnist.cli.main import main


def draw_one() -> Image.Image:
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).line((150, 40, 130, 240), fill=255, width=20)
    return image


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: Path) -> Path:
    """An empty folder, which is the working folder."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], str]:
    """Return the exit code, the paths that were answered, and the messages."""
    code = main(["predict", "--json", *arguments])
    captured = capsys.readouterr()
    return code, [json.loads(line)["path"] for line in captured.out.splitlines()], captured.err


def test_dash_is_a_picture_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    draw_one().save(data := io.BytesIO(), format="PNG")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.getvalue())))
    draw_one().save("a.png")
    assert run(capsys, "a.png", "-") == (0, ["a.png", "-"], "")


def test_missing_or_empty_standard_input_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    draw_one().save("a.png")
    monkeypatch.setattr(sys, "stdin", None)
    assert run(capsys, "-", "a.png") == (1, ["a.png"], "dropout-mnist: -: Standard input is closed.\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert run(capsys, "-", "a.png") == (1, ["a.png"], "dropout-mnist: -: This file is empty.\n")


def test_pattern_that_the_shell_left_is_expanded(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "more").mkdir()
    for name in ("b.png", "a.png", "c.jpg", "more/d.png", "[e].png"):
        draw_one().save(name)
    assert run(capsys, "*.png")[:2] == (0, ["[e].png", "a.png", "b.png"])
    assert run(capsys, "**/*.png")[:2] == (0, ["[e].png", "a.png", "b.png", "more/d.png"])
    assert run(capsys, "[e].png")[:2] == (0, ["[e].png"])
    assert run(capsys, "c.*", "?.png")[:2] == (0, ["c.jpg", "a.png", "b.png"])


def test_pattern_without_a_match_is_an_error(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    draw_one().save("a.png")
    assert run(capsys, "*.gif", "a.png") == (1, ["a.png"], "dropout-mnist: *.gif: No file matches this pattern.\n")


def test_files_of_a_folder_that_are_not_pictures_are_skipped_and_counted(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    for name in ("b.png", "a.JPG"):
        draw_one().save(name)
    draw_one().save("without a suffix", format="PNG")
    for name in ("Thumbs.db", "notes.txt", "model.h5", "README", ".DS_Store"):
        (folder / name).write_text("not a picture")
    (folder / ".thumbnails").mkdir()
    draw_one().save(".thumbnails/b.png")
    assert run(capsys, ".") == (0, ["a.JPG", "b.png", "without a suffix"], "skipped 4 files that are not pictures\n")


def test_broken_picture_in_a_folder_is_an_error(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    draw_one().save("b.png")
    (folder / "a.png").write_text("not a picture")
    code, answered, messages = run(capsys, ".")
    assert (code, answered) == (1, ["b.png"])
    assert messages.startswith("dropout-mnist: a.png: This is not a picture")


@pytest.mark.parametrize("name", ["notes.txt", "README"])
def test_named_file_that_is_not_a_picture_is_an_error(
    capsys: pytest.CaptureFixture[str], folder: Path, name: str
) -> None:
    draw_one().save("a.png")
    (folder / name).write_text("not a picture")
    code, answered, messages = run(capsys, name, "a.png")
    assert (code, answered) == (1, ["a.png"])
    assert messages.startswith(f"dropout-mnist: {name}: This is not a picture")


def test_folder_without_pictures_is_an_error(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "notes.txt").write_text("not a picture")
    code, answered, messages = run(capsys, ".")
    assert (code, answered) == (1, [])
    assert messages.splitlines() == [
        "dropout-mnist: .: There are no pictures in this folder.",
        "skipped 1 file that is not a picture",
    ]


def test_answers_are_in_the_order_of_the_pictures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(predict, "PREDICT_BATCH_SIZE", 2)
    names = ["c.png", "a.png", "e.png", "b.png", "d.png"]
    for name in names:
        draw_one().save(name)
    assert run(capsys, *names, "a.png") == (0, [*names, "a.png"], "")


def test_file_name_with_a_line_break_is_one_line(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    draw_one().save("two\nlines.png")
    assert main(["predict", "two\nlines.png"]) == 0
    assert capsys.readouterr().out.startswith("two\\nlines.png: 1 (")
    assert run(capsys, "two\nlines.png") == (0, ["two\nlines.png"], "")


def test_file_that_is_too_large_is_not_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(predict, "MAX_FILE_BYTES", 100)
    draw_one().save("a.png")
    assert run(capsys, "a.png") == (1, [], "dropout-mnist: a.png: Has more than 0 MB\n")


def test_what_was_read_is_answered_when_interrupted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    def interrupt(data: bytes) -> Image.Image:
        if data == b"now":
            raise KeyboardInterrupt
        return Image.open(io.BytesIO(data))

    monkeypatch.setattr(predict, "open_picture", interrupt)
    draw_one().save("a.png")
    (folder / "b.png").write_bytes(b"now")
    assert run(capsys, "a.png", "b.png", "a.png") == (130, ["a.png"], "dropout-mnist: interrupted\n")


def test_unreadable_folder_is_an_error_and_the_rest_is_answered(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    # Not by permissions: root may read every folder.
    def refuse(path: str) -> object:
        if os.path.basename(path) == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    draw_one().save("a.png")
    (folder / "closed").mkdir()
    code, answered, errors = run(capsys, ".", "a.png")
    assert (code, answered) == (1, ["a.png", "a.png"])
    assert "closed: Permission denied" in errors
