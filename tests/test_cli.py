import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw, ImageOps

from dropout_mnist.adaptation.fine_tuning import Adaptation, adapt
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import list_checkpoints, user_weights_folder, weights_folder
from dropout_mnist.checkpoints.resume import save_state
from dropout_mnist.cli import learn_hand
from dropout_mnist.cli.main import main
from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.training import Training

ROOT = Path(__file__).parents[1]
TIMEOUT = 120
SHIPPED_FILE = ROOT / "weights" / "augmented.safetensors"
QUICK = ["--dataset", "digits", "--epochs", "2", "--train-size", "200"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_train_prints_costs_like_the_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "train", *QUICK)
    lines = out.splitlines()
    assert code == 0
    assert re.match(r"Epoch: 1 Cost: \d\.\d{6} \|", lines[0])
    assert re.match(r"Epoch: 2 Cost: \d\.\d{6} \|", lines[1])
    assert re.match(r"Accuracy: 0\.\d{4} \(\d+ of 300, scikit-learn's bundled digits\)", lines[2])
    assert re.match(r"Test image \d+: Label: \d Prediction: \d", lines[3])
    assert err == ""
    [path] = list_checkpoints()
    assert lines[4] == f"Weights: {path}"


def test_train_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "train", *QUICK, "--json")
    *epochs, final = map(json.loads, out.splitlines())
    assert code == 0
    assert [list(epoch) for epoch in epochs] == [["epoch", "train_loss", "test_loss", "test_accuracy", "seconds"]] * 2
    assert final["test_accuracy"] == final["correct"] / final["total"] == epochs[-1]["test_accuracy"]
    assert set(final["sample"]) == {"index", "label", "prediction"}


def test_train_prints_the_batches_and_the_answers_to_a_picture(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = Image.new("L", (280, 280))
    ImageDraw.Draw(picture).line((150, 40, 130, 240), fill=255, width=20)
    picture.save(tmp_path / "one.png")
    quick = ["--dataset", "digits", "--epochs", "2", "--batch-size", "10", "--hidden-sizes", "64"]
    code, out, err = run(capsys, "train", *quick, "--json", "--batches", "--watch", str(tmp_path / "one.png"))
    lines = [json.loads(line) for line in out.splitlines()]
    losses = [line for line in lines if "loss" in line]
    answers = [line for line in lines if "probs" in line]
    epochs = [line for line in lines if "train_loss" in line]
    assert (code, err) == (0, "")
    assert len(losses) + len(answers) + len(epochs) + 1 == len(lines)
    steps = len(losses) // 2
    assert [(line["epoch"], line["batch"]) for line in losses] == [
        (epoch, batch) for epoch in (1, 2) for batch in range(1, steps + 1)
    ]
    mean = sum(line["loss"] for line in losses[:steps]) / steps
    assert mean == pytest.approx(epochs[0]["train_loss"], rel=1e-5)
    assert [(line["epoch"] - 1) * steps + line["batch"] for line in answers] == [100, 200]
    assert all(sum(line["probs"]) == pytest.approx(1, abs=1e-5) for line in answers)
    assert lines.index(epochs[0]) < lines.index(losses[steps])


@pytest.mark.parametrize(
    ("options", "expected_error"),
    [
        (["--batches"], "--batches needs --json"),
        (["--json", "--watch", "one.png"], "--watch needs --batches"),
        (["--json", "--batches", "--watch", "missing.png"], "missing.png"),
    ],
)
def test_batches_that_cannot_be_printed_are_refused_before_training(
    capsys: pytest.CaptureFixture[str], options: list[str], expected_error: str
) -> None:
    code, out, err = run(capsys, "train", *QUICK, *options)
    assert (code, out) == (2, "")
    assert expected_error in err


@pytest.mark.slow
def test_second_train_loads_what_the_first_saved(capsys: pytest.CaptureFixture[str]) -> None:
    _, first, _ = run(capsys, "train", *QUICK)
    _, second, err = run(capsys, "train", *QUICK)
    assert "Already trained: loaded" in err
    assert second.splitlines()[:3] == first.splitlines()[:3]
    _, again, err = run(capsys, "train", *QUICK, "--retrain")
    assert err == ""

    def costs(text: str) -> list[str]:
        return re.findall(r"Cost: \S+", text)

    assert costs(again) == costs(first)


@pytest.mark.slow
def test_output_goes_to_the_named_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    assert run(capsys, "train", *QUICK, "--output", str(path))[0] == 0
    assert Checkpoint.load(path).config.train_size == 200
    assert list_checkpoints() == []


@pytest.mark.slow
def test_evaluate_reports_what_training_measured(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "train", *QUICK)
    [path] = list_checkpoints()
    code, out, _ = run(capsys, "evaluate", "--weights", str(path), "--json")
    result = json.loads(out)
    checkpoint = Checkpoint.load(path)
    assert code == 0
    assert (result["correct"], result["total"]) == (checkpoint.correct, 300)
    assert result["loss"] == pytest.approx(checkpoint.history[-1].test_loss)
    assert len(result["digit_accuracy"]) == 10
    _, text, _ = run(capsys, "evaluate", "--weights", str(path))
    assert f"({checkpoint.correct} of 300" in text
    assert "Digit 9: 0." in text


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of pictures of a 0 and a 1: white on black, and black on white in a subfolder."""
    folder = tmp_path / "pictures"
    (folder / "paper").mkdir(parents=True)
    zero, one = Image.new("L", (280, 280)), Image.new("L", (280, 280))
    ImageDraw.Draw(zero).ellipse((80, 40, 200, 240), outline=255, width=20)
    ImageDraw.Draw(one).line((150, 40, 130, 240), fill=255, width=20)
    for digit, image in enumerate((zero, one)):
        image.save(folder / f"canvas {digit}.png")
        ImageOps.invert(image).save(folder / "paper" / f"{digit}.jpg")
    return folder


def test_predict_reads_dark_on_light_and_light_on_dark(
    capsys: pytest.CaptureFixture[str], pictures: Path, shipped: Path
) -> None:
    code, out, err = run(capsys, "predict", str(pictures), "--json")
    answers = {Path(answer["path"]).name: answer for answer in map(json.loads, out.splitlines())}
    assert (code, err) == (0, "")
    assert {name: answer["digit"] for name, answer in answers.items()} == {
        "canvas 0.png": 0,
        "canvas 1.png": 1,
        "0.jpg": 0,
        "1.jpg": 1,
    }
    assert all(sum(answer["probs"]) == pytest.approx(1, abs=1e-5) for answer in answers.values())
    _, text, _ = run(capsys, "predict", str(pictures / "canvas 0.png"))
    assert re.fullmatch(r".*canvas 0\.png: 0 \(\d+\.\d%\)\n", text)


def test_predict_lists_several_digits_with_their_boxes(
    capsys: pytest.CaptureFixture[str], shipped: Path, tmp_path: Path
) -> None:
    image = Image.new("L", (400, 200), 240)
    ImageDraw.Draw(image).line((105, 40, 95, 160), fill=10, width=14)
    ImageDraw.Draw(image).ellipse((250, 40, 330, 160), outline=10, width=14)
    image.save(tmp_path / "ten.png")
    code, text, _ = run(capsys, "predict", str(tmp_path / "ten.png"))
    assert code == 0
    assert re.fullmatch(r".*ten\.png: digits: \[1 \(\d+\.\d%\), 0 \(\d+\.\d%\)\]\n", text)
    _, out, _ = run(capsys, "predict", "--json", str(tmp_path / "ten.png"))
    answer = json.loads(out)
    assert "digit" not in answer
    assert [digit["digit"] for digit in answer["digits"]] == [1, 0]
    left, top, right, bottom = answer["digits"][1]["box"]
    assert (left * 400, top * 200, right * 400, bottom * 200) == pytest.approx((250, 40, 330, 160), abs=3)


def test_predict_reports_doubt(capsys: pytest.CaptureFixture[str], shipped: Path, tmp_path: Path) -> None:
    image = Image.new("L", (280, 280), 240)
    for line in ((40, 40, 240, 240), (240, 60, 40, 230), (140, 20, 150, 250), (30, 140, 250, 130), (60, 30, 200, 240)):
        ImageDraw.Draw(image).line(line, fill=10, width=16)
    image.save(tmp_path / "scribble.png")
    _, text, _ = run(capsys, "predict", str(tmp_path / "scribble.png"))
    assert text.endswith("; not a digit\n")
    _, as_json, _ = run(capsys, "predict", str(tmp_path / "scribble.png"), "--json")
    assert json.loads(as_json)["doubt"] == "not a digit"


def test_predict_reports_unreadable_files_and_continues(
    capsys: pytest.CaptureFixture[str], pictures: Path, shipped: Path
) -> None:
    (pictures / "a note.txt").write_text("not a picture")
    Image.new("L", (50, 50)).save(pictures / "blank.png")
    (pictures.parent / "empty").mkdir()
    arguments = [str(pictures), str(pictures / "nowhere.png"), str(pictures.parent / "empty")]
    code, out, err = run(capsys, "predict", *arguments)
    assert code == 1
    assert len(out.splitlines()) == 4
    complaints = err.splitlines()
    assert len(complaints) == 4
    assert "blank.png: This picture shows nothing" in complaints[0]
    assert "nowhere.png: No such file or directory" in complaints[1]
    assert "empty: There are no pictures in this folder." in complaints[2]
    assert complaints[3] == "skipped 1 file that is not a picture"


@pytest.mark.parametrize(
    ("arguments", "expected_error"),
    [
        (["train", "--train-size", "50"], "train_size (50) must be at least batch_size (100)"),
        (["train", "--dataset", "digits", "--train-size", "5000"], "train_size 5,000 is more than the 1,497"),
        (["evaluate", "--weights", "nix.safetensors"], "nix.safetensors cannot be read"),
        (["predict", "x.png", "--weights", __file__], "is not a complete safetensors file"),
    ],
)
def test_error_is_one_line_on_stderr_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected_error: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert expected_error in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "expected_error"),
    [
        (["train", "--drop-prob", "x"], "drop_prob must be a number from 0 to 0.9, not 'x'"),
        (["train", "--drop-prob", "1"], "drop_prob must be a number from 0 to 0.9, not 1.0"),
        (["train", "--epochs", "0"], "epochs must be a whole number from 1 to 1,000, not 0"),
        (["train", "--hidden-sizes", "64x0"], "hidden_sizes must be 1 to 16 layers of 1 to 8,192 units"),
        (["train", "--learning-rate", "1,000"], "learning_rate must be a number from 1e-06 to 10, not '1,000'"),
        (["train", "--dataset", "cifar"], "dataset must be one of mnist, digits, not 'cifar'"),
        (["dance"], "invalid choice: 'dance'"),
        (["predict"], "the following arguments are required: PATH"),
    ],
)
def test_usage_error_is_one_line_on_stderr_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected_error: str
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    captured = capsys.readouterr()
    assert exit_.value.code == 2
    assert captured.out == ""
    assert expected_error in captured.err
    assert captured.err.count("\n") == 1


def test_layers_are_chosen_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "train", *QUICK, "--hidden-sizes", "32x16", "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["config"]["hidden_sizes"] == [32, 16]
    [path] = list_checkpoints()
    assert "h32x16" in path.name


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_an_option(capsys: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    help_text = " ".join(capsys.readouterr().out.split())
    assert f"--{name.replace('_', '-')} " in help_text
    assert SETTINGS[name].format(SETTINGS[name].default) in help_text


def test_unavailable_mnist_is_one_line_with_the_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Port 9 of this machine: nobody answers there.
    monkeypatch.setattr("dropout_mnist.data.mnist_files.MIRRORS", ("http://127.0.0.1:9/",))
    code, out, err = run(capsys, "train")
    assert (code, out) == (2, "")
    *progress, error = err.splitlines()
    assert progress == []
    assert "DROPOUT_MNIST_DATA" in error
    assert "`digits`" in error


@pytest.mark.parametrize("command", ["app", "train", "evaluate", "predict", "sweep"])
def test_help_fits_the_terminal_and_describes_each_option(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match=r"^0$"):
        main([command, "--help"])
    help_text = capsys.readouterr().out
    assert max(map(len, help_text.splitlines())) < 80
    for option in re.split(r"\n(?=  -)", help_text.partition("options:\n")[2]):
        assert re.search(r"\S  +\S|\n {10,}\S", option), f"no description: {option}"
        assert option.count("default: ") <= 1
        # As Python writes it.
        assert not re.search(r"default: (None|\[|\()", option)


@pytest.mark.slow
def test_module_runs_as_a_program() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "dropout_mnist", "train", "--seed", "-1"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr == (
        "dropout-mnist: argument --seed: seed must be a whole number from 0 to 2,147,483,647, not -1 (see --help)\n"
    )


@pytest.mark.slow
def test_interrupted_run_keeps_its_finished_epochs() -> None:
    command = [sys.executable, "-m", "dropout_mnist", "train", "--dataset", "digits", "--epochs", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Epoch: 2"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    [path] = list_checkpoints()
    kept = Checkpoint.load(path).config.epochs
    assert 2 <= kept < 1_000
    assert err.splitlines()[-1] == f"dropout-mnist: Interrupted. The {kept} finished epochs are kept."
    assert f"Weights: {path}" in out


@pytest.mark.slow
def test_run_ends_and_is_kept_when_its_output_is_closed() -> None:
    command = [sys.executable, "-m", "dropout_mnist", "train", "--dataset", "digits", "--epochs", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Epoch: 1 Cost: ")
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
    [path] = list_checkpoints()
    assert Checkpoint.load(path).config.epochs == 5


@pytest.mark.parametrize("name", ["", "new/"], ids=["existing", "by its name"])
def test_output_that_is_a_folder_is_refused_before_training(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["train", *QUICK, "--output", f"{tmp_path}/{name}"])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "argument --output: must name a file" in captured.err


def test_sweep_output_that_is_a_file_is_refused_before_training(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    code, out, err = run(capsys, *SWEEP, "--output", str(tmp_path / "file"))
    assert (code, out) == (2, "")
    assert "--output must name a folder" in err


def test_nothing_is_trained_if_the_output_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, out, err = run(capsys, "train", *QUICK, "--output", str(tmp_path / "file" / "mine.safetensors"))
    assert (code, out) == (2, "")
    assert "file" in err
    assert err.count("\n") == 1


def test_nothing_is_trained_if_no_folder_can_be_written_to(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "file" / "weights"))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "file" / name)
    code, out, err = run(capsys, "train", *QUICK)
    assert (code, out) == (2, "")
    assert "Set DROPOUT_MNIST_WEIGHTS to a folder of yours" in err


def test_shipped_weights_are_loaded_without_the_data_set(capsys: pytest.CaptureFixture[str], shipped: Path) -> None:
    code, out, err = run(capsys, "train")
    assert code == 0
    assert "Already trained: loaded" in err
    assert re.search(r"^Accuracy: 0\.98\d\d \(9,8\d\d of 10,000, MNIST\)$", out, re.MULTILINE)
    assert "Test image" not in out


def test_diverged_run_is_an_error_that_keeps_its_finished_epochs(
    capsys: pytest.CaptureFixture[str], digits: Dataset
) -> None:
    config = TrainConfig(dataset="digits", epochs=2, train_size=200)
    training = Training(config, digits)
    next(iter(training))
    # Infinite moments make the weights of the next step infinite or not a number.
    name = "optimizer.0.exp_avg"
    moments = torch.full_like(training.state.tensors[name], float("inf"))
    save_state(replace(training.state, tensors=training.state.tensors | {name: moments}))
    code, out, err = run(capsys, "train", *QUICK)
    assert code == 2
    assert "Resuming an earlier run after epoch 1" in err
    assert "diverged. Try a smaller learning rate. The finished epoch is kept." in err
    assert "Accuracy: " in out


def test_unusable_state_is_one_line_and_training_starts_from_scratch(
    capsys: pytest.CaptureFixture[str], digits: Dataset
) -> None:
    training = Training(TrainConfig(dataset="digits", epochs=2, train_size=200), digits)
    next(iter(training))
    save_state(replace(training.state, tensors={}))
    code, out, err = run(capsys, "train", *QUICK)
    assert code == 0
    assert "missing or unknown tensors" in err
    assert err.endswith(": training starts from scratch\n")
    assert err.count("\n") == 1
    assert "Epoch: 1" in out


ONE_AS_STROKES = {"label": 1, "group": "here", "strokes": [[[0.1, 0.0], [0.0, 1.0]]]}


@pytest.mark.parametrize("as_json", [False, True])
def test_evaluation_on_strokes_reports_accuracy_by_digit_and_group(
    capsys: pytest.CaptureFixture[str], shipped: Path, tmp_path: Path, as_json: bool
) -> None:
    strokes = tmp_path / "strokes.jsonl"
    seven_called_one = ONE_AS_STROKES | {"label": 7, "group": "there"}
    strokes.write_text("\n".join(map(json.dumps, [ONE_AS_STROKES, seven_called_one])))
    weights = str(shipped / "augmented.safetensors")
    code, out, _ = run(
        capsys, "evaluate", "--weights", weights, "--strokes", str(strokes), *["--json"] * as_json, "--size", "0.3", "1"
    )
    assert code == 0
    if as_json:
        result = json.loads(out)
        assert (result["correct"], result["total"]) == (1, 2)
        assert result["group_accuracy"] == {"here": 1.0, "there": 0.0}
        assert result["top_confusions"] == [[7, 1, 1]]
        assert result["drawn"]["size"] == [0.3, 1.0]
    else:
        assert "Accuracy: 0.5000 (1 of 2, strokes.jsonl)" in out
        assert "Group there: 0.0000" in out
        assert "7 misread as 1: 1 images" in out


@pytest.mark.parametrize(
    ("options", "expected_error"),
    [
        (("--strokes", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
        (("--strokes", "x", "--size", "0", "1"), "must be a number from 0.01 to 1, not '0'"),
        (("--strokes", "x", "--pen-width", "wide"), "must be a number from 1 to 280, not 'wide'"),
        (("--strokes", "x", "--size", "0.9", "0.5"), "--size must be given as LEAST MOST, not 0.9 0.5"),
        (("--strokes", "x", "--seed", "-1"), "must be a whole number from 0, not '-1'"),
    ],
)
def test_bad_options_for_strokes_are_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], shipped: Path, options: tuple[str, ...], expected_error: str
) -> None:
    try:
        code = main(["evaluate", "--weights", str(shipped / "augmented.safetensors"), *options])
    except SystemExit as end:  # the parser's own way to refuse
        code = end.code
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert expected_error in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.slow
def test_augmented_recipe_is_trained_with_its_own_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (
        "train",
        "--recipe",
        "augmented",
        "--dataset",
        "digits",
        "--epochs",
        "1",
        "--train-size",
        "600",
        "--json",
    )
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    config = json.loads(out.splitlines()[-1])["config"]
    own = TrainConfig.augmented()
    assert (config["recipe"], config["batch_size"], config["drop_prob"]) == ("augmented", own.batch_size, own.drop_prob)
    [path] = list_checkpoints()
    assert Checkpoint.load(path).temperature != 1


SWEEP = [
    "sweep",
    "--dataset",
    "digits",
    "--epochs",
    "1",
    "--train-size",
    "100",
    "200",
    "--equal-steps",
    "--workers",
    "1",
]


@pytest.mark.slow
def test_sweep_writes_tables_and_resumes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "results"
    code, out, err = run(capsys, *SWEEP, "--output", str(folder))
    assert code == 0, err
    assert "2 runs, 0 of them already done" in err
    assert re.search(r"plain-p0\.30-digits-e1-n100-x14: done \(1 of 2, \d+ min left\)", out)
    table = (folder / "epochs.csv").read_text().splitlines()
    assert len(table) == 3
    code, out, err = run(capsys, *SWEEP, "--output", str(folder), "--json")
    assert (code, out) == (0, "")
    assert "2 runs, 2 of them already done" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0"], "--workers must be at least 1"),
        (["--drop-prob", "1"], "drop_prob must be a number from 0 to 0.9"),
        pytest.param(
            ["--scheduler", "tcp://127.0.0.1:9"], "no Dask scheduler at tcp://127.0.0.1:9", marks=pytest.mark.slow
        ),
        (["--measure", "magic"], "invalid choice"),
    ],
)
def test_sweep_reports_invalid_options(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    try:
        code = main([*SWEEP, "--output", str(tmp_path / "results"), *arguments])
    except SystemExit as end:  # the parser's own way to refuse
        code = end.code
    assert code == 2
    assert message in capsys.readouterr().err


def test_train_says_that_the_state_of_a_shorter_run_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    def train(epochs: int) -> str:
        code, _, err = run(capsys, "train", "--dataset=digits", "--train-size=100", f"--epochs={epochs}")
        assert code == 0
        return err

    assert "not kept" not in train(1)
    assert "Resuming an earlier run after epoch 1" in train(2)
    shutil.rmtree(weights_folder() / "states")
    assert "The state after the 2 epochs that are trained already is not kept: starting from epoch 1" in train(3)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A folder of ten pictures of ones and sevens."""
    for number in range(10):
        image = Image.new("L", (100, 100), "white")
        lines = [(30 + number, 20, 70, 20), (70, 20, 40 + number, 85)] if number % 2 else [(50, 15, 45 + number, 85)]
        for line in lines:
            ImageDraw.Draw(image).line(line, fill="black", width=7)
        folder = tmp_path / "examples" / ("7" if number % 2 else "1")
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{number}.png")
    return tmp_path / "examples"


def test_train_learns_from_examples(capsys: pytest.CaptureFixture[str], examples: Path) -> None:
    run(capsys, "train", *QUICK)
    [path] = list_checkpoints()
    code, out, err = run(capsys, "train", "--from", str(path), "--examples", str(examples))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert re.fullmatch(r"Your digits: \d+ of 10 were read right before", lines[0])
    assert re.fullmatch(r"Your digits: \d+ of 10 are read right now, each by a network .*", lines[1])
    assert re.match(r"Accuracy: 0\.\d{4} before, 0\.\d{4} now \(\d+ correct, scikit-learn's", lines[2])
    learned = Checkpoint.load(lines[3].removeprefix("Weights: "))
    assert learned.own_digits == 10
    assert learned.name == Path(lines[3]).stem
    assert learned.config == Checkpoint.load(path).config
    # The network to start from is where it was.
    assert Checkpoint.load(path).own_digits == 0


def test_learned_hand_goes_to_the_users_folder_if_the_weights_folder_cannot_be_written_to(
    capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "train", *QUICK)
    [start] = list_checkpoints()
    (tmp_path / "file").touch()
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "file" / "weights"))
    code, out, err = run(capsys, "train", "--from", str(start), "--examples", str(examples), "--json")
    assert (code, err) == (0, "")
    path = Path(json.loads(out)["weights"])
    assert path.parent == user_weights_folder()
    assert path in list_checkpoints()
    assert Checkpoint.load(path).own_digits == 10


def test_nothing_is_learned_if_no_folder_can_be_written_to(
    capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "file" / "weights"))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "file" / name)
    monkeypatch.setattr(learn_hand, "adapt", lambda *_: pytest.fail("the network learned"))
    code, out, err = run(capsys, "train", "--from", str(SHIPPED_FILE), "--examples", str(examples))
    assert (code, out) == (2, "")
    assert "Set DROPOUT_MNIST_WEIGHTS to a folder of yours" in err


def test_network_that_cannot_be_written_after_learning_is_stored_elsewhere(
    capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "late" / "mine.safetensors"

    def adapt_and_fill_the_disk(*given: Any) -> Adaptation:
        shutil.rmtree(output.parent)
        output.parent.touch()
        return adapt(*given)

    monkeypatch.setattr(learn_hand, "adapt", adapt_and_fill_the_disk)
    run(capsys, "train", *QUICK)
    [path] = list_checkpoints()
    given = ["--from", str(path), "--examples", str(examples), "--output", str(output), "--json"]
    code, out, err = run(capsys, "train", *given)
    assert code == 2
    assert "cannot be written" in err
    assert Checkpoint.load(json.loads(out)["weights"]).own_digits == 10


def test_train_prints_what_it_learned_as_json(
    capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path
) -> None:
    run(capsys, "train", *QUICK)
    [path] = list_checkpoints()
    output = tmp_path / "mine.safetensors"
    code, out, _ = run(
        capsys, "train", "--from", str(path), "--examples", str(examples), "--output", str(output), "--json"
    )
    assert code == 0
    values = json.loads(out)
    assert values["weights"] == str(output)
    assert values["total"] == 10
    assert values["test_total"] == 300
    assert values["correct_after"] == Checkpoint.load(output).correct


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "WEIGHTS"], "--from and --examples go together"),
        (["--examples", "EXAMPLES"], "--from and --examples go together"),
        (["--from", "WEIGHTS", "--examples", "EXAMPLES", "--drop-prob", "0.5"], "--drop-prob does not go with"),
        (["--from", "WEIGHTS", "--examples", "EXAMPLES", "--retrain"], "--retrain does not go with"),
        (["--from", "nothing", "--examples", "EXAMPLES"], "no file and no checkpoint 'nothing'"),
        (["--from", "WEIGHTS", "--examples", "EXAMPLES/7"], "no pictures in subfolders named 0 to 9"),
    ],
)
def test_train_explains_wrong_options_for_examples(
    capsys: pytest.CaptureFixture[str], examples: Path, arguments: list[str], message: str
) -> None:
    given = [
        argument.replace("EXAMPLES", str(examples)).replace("WEIGHTS", str(SHIPPED_FILE)) for argument in arguments
    ]
    code, out, err = run(capsys, "train", *given)
    assert (code, out) == (2, "")
    assert message in err
