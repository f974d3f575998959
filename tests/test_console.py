"""Standard streams that are closed, full or of another encoding; errors of the system; Ctrl-C."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import platformdirs.unix
import pytest
from PIL import Image, ImageDraw

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import list_checkpoints
from dropout_mnist.cli.main import main
from dropout_mnist.cli.output import escape, prepare_streams, print_error, print_json, print_line

ROOT = Path(__file__).parents[1]
TIMEOUT = 120
QUICK = ("train", "--dataset", "digits", "--epochs", "2", "--train-size", "200")


def run(
    *arguments: str, environment: dict[str, str] | None = None, redirect: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run the program in a process of its own.

    Args:
        arguments: of the program.
        environment: variables to set.
        redirect: redirections of its streams, for `sh`.
    """
    return subprocess.run(
        ["/bin/sh", "-c", f'"$@" {redirect}', "sh", sys.executable, "-m", "dropout_mnist", *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


@pytest.mark.parametrize("name", ["数字.png", "\udcff.png"], ids=["not in the encoding", "not a character"])
def test_characters_that_the_console_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    out, err = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="cp1252"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="cp1252"))
    prepare_streams()
    print_line(name)
    print_error(name)
    print_json({"path": name})
    escaped = name.encode("ascii", errors="backslashreplace").decode()
    line, as_json = out.getvalue().decode("cp1252").splitlines()
    assert line == escaped
    assert err.getvalue().decode("cp1252").strip() == f"dropout-mnist: {escaped}"
    assert json.loads(as_json) == {"path": name}


@pytest.mark.parametrize("name", ["two\nlines", "two\r\nlines", "two\u2028lines", "\x1b[31mred", "a\tb"])
def test_names_cannot_end_a_line_or_move_the_cursor(capsys: pytest.CaptureFixture[str], name: str) -> None:
    print_line(name)
    assert re.fullmatch(r"[ -~]+\n", capsys.readouterr().out)


def test_names_of_other_languages_are_not_escaped() -> None:
    assert escape("숫자　é 数字.png") == "숫자　é 数字.png"


def test_missing_streams_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    prepare_streams()
    print_line("lost")
    print_error("lost")
    for stream in (sys.stdout, sys.stderr):
        assert not stream.isatty()
        stream.close()


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["2>&-", ">&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_run_is_kept_without_standard_streams(closed: str) -> None:
    ended = run(*QUICK, redirect=closed)
    assert (ended.returncode, ended.stderr) == (0, "")
    [path] = list_checkpoints()
    assert Checkpoint.load(path).config.epochs == 2


@pytest.mark.slow
def test_run_is_kept_when_its_output_cannot_be_written() -> None:
    ended = run(*QUICK, redirect=">/dev/full")
    assert ended.returncode == 2
    assert ended.stderr == (
        "dropout-mnist: standard output cannot be written (No space left on device): the rest is lost\n"
    )
    [path] = list_checkpoints()
    assert Checkpoint.load(path).config.epochs == 2


@pytest.mark.slow
def test_batch_is_finished_whatever_the_console_can_encode(tmp_path: Path, shipped: Path) -> None:
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).line((150, 40, 130, 240), fill=255, width=20)
    names = ["a.png", "数字.png", "z.png"]
    for name in names:
        image.save(tmp_path / name)
    ended = run("predict", *(str(tmp_path / name) for name in names), environment={"PYTHONIOENCODING": "cp1252"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.findall(r"([^/]*\.png): 1 ", ended.stdout) == ["a.png", r"\u6570\u5b57.png", "z.png"]


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process run as a user without an entry in the password database and without HOME."""

    def fail(user: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {user}")

    for variable in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("pwd.getpwuid", fail)
    # Undo what keeps other tests away from the user's folders.
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: platformdirs.unix.Unix(name).user_data_path)


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize(
    ("arguments", "expected_error"),
    [
        (["train", "--dataset", "digits", "--output", "~/mine"], "the home folder in '~/mine' is unknown"),
        (["evaluate", "--weights", "~/mine"], "the home folder in '~/mine' is unknown"),
        (["predict", "~/picture.png"], "the home folder in '~/picture.png' is unknown"),
        (["export", "plain-p0.30", "--format", "onnx", "--output", "~/mine"], "the home folder in '~/mine' is unknown"),
        (["sweep", "--output", "~/tables"], "the home folder in '~/tables' is unknown"),
    ],
)
def test_unknown_home_folder_in_a_path_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected_error: str
) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected_error in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("Could not determine home directory."), "set HOME to a folder that you can write to"),
        (
            RuntimeError("could not determine the home directory for '~/.local/share', set an absolute HOME"),
            "set HOME to a folder that you can write to",
        ),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] can't allocate memory: you tried to"), "not enough memory"),
        (MemoryError(), "there is not enough memory: try fewer images"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_error_of_the_system_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, expected: str
) -> None:
    def fail(path: object) -> None:
        raise error

    monkeypatch.setattr(Checkpoint, "load", fail)
    assert main(["evaluate"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected in captured.err
    assert captured.err.count("\n") == 1


def test_unexpected_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(Checkpoint, "load", fail)
    with pytest.raises(RuntimeError, match="a defect"):
        main(["evaluate"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--output", ""],
        ["train", "--from", "", "--examples", "folder"],
        ["train", "--from", "augmented", "--examples", ""],
        ["train", "--json", "--batches", "--watch", ""],
        ["evaluate", "--weights", ""],
        ["evaluate", "--strokes", ""],
        ["predict", ""],
        ["export", "plain-p0.30", "--format", "onnx", "--output", ""],
        ["sweep", "--output", ""],
    ],
)
def test_empty_path_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    assert "must be a path, not an empty text" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--from", "/dev/zero", "--examples", "EXAMPLES"],
        ["train", "--json", "--batches", "--watch", "/dev/zero"],
        ["evaluate", "--weights", "/dev/zero"],
        ["evaluate", "--strokes", "/dev/zero"],
        ["predict", "/dev/zero"],
        ["export", "/dev/zero", "--format", "pytorch", "--output", "out.zip"],
    ],
)
def test_device_that_never_ends_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], shipped: Path, tmp_path: Path
) -> None:
    code = main([argument.replace("EXAMPLES", str(tmp_path)) for argument in arguments])
    captured = capsys.readouterr()
    assert code == (1 if arguments[0] == "predict" else 2)
    assert captured.out == ""
    assert re.fullmatch(r"dropout-mnist: .*Is a device.*\n", captured.err)


@pytest.mark.slow
def test_tilde_of_an_option_is_the_home_folder(tmp_path: Path) -> None:
    # Shells expand `~/file`, and not `--output=~/file`.
    assert run(*QUICK, "--output=~/mine.safetensors", environment={"HOME": str(tmp_path)}).returncode == 0
    assert Checkpoint.load(tmp_path / "mine.safetensors").config.epochs == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "torch",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
        # Some packages catch every exception.
        "import os, signal\ntry: os.kill(os.getpid(), signal.SIGINT)\nexcept BaseException: pass",
    ],
    ids=["passed on", "caught"],
)
@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "export", "sweep"])
def test_interrupt_while_a_module_is_imported_is_one_line(tmp_path: Path, torch: str, command: str) -> None:
    (tmp_path / "torch.py").write_text(torch)
    ended = run(command, environment={"PYTHONPATH": str(tmp_path)})
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "dropout-mnist: interrupted\n")
