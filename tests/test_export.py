"""Networks and runs taken elsewhere: each must answer or train as it does here."""

import base64
import os
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.cli.main import main
from dropout_mnist.cli.options import chosen_config
from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.evaluation import compute_logits
from dropout_mnist.export.onnx import OnnxMissingError, to_onnx
from dropout_mnist.export.page import to_page
from dropout_mnist.export.script import SCRIPTED, write_command, write_script
from dropout_mnist.training import Training

from .conftest import SHIPPED, SHIPPED_WEIGHTS, skip_or_fail

ROOT = Path(__file__).parents[1]
TIMEOUT = 240


def shipped_checkpoint(name: str) -> Checkpoint:
    return Checkpoint.load(SHIPPED_WEIGHTS / f"{name}.safetensors")


def run_python(folder: Path, *arguments: str, path: str = "") -> str:
    """Run Python in a folder, with `path` as its PYTHONPATH; return what it prints."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def run_onnx(data: bytes, images: Tensor) -> tuple[str, Tensor]:
    """Return the name and the value of the output of an ONNX file, computed by ONNX Runtime."""
    try:
        import onnxruntime
    except ImportError:
        skip_or_fail("onnxruntime is not installed")
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    [value] = session.run(None, {"images": images.numpy()})
    return session.get_outputs()[0].name, torch.from_numpy(value)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_onnx_answers_like_python_on_every_test_image(mnist_folder: Path, name: str) -> None:
    checkpoint = shipped_checkpoint(name)
    images = load_dataset("mnist").test.pixels / 255
    logits = compute_logits(checkpoint.model, images)
    output, probs = run_onnx(to_onnx(checkpoint), images)
    assert output == "probs"
    assert (probs - logits.softmax(dim=1)).abs().max() <= 1e-4
    output, raw = run_onnx(to_onnx(checkpoint, raw_logits=True), images)
    assert output == "logits"
    assert (raw - logits * checkpoint.temperature).abs().max() <= 1e-4


def test_onnx_file_states_its_opset_and_names_and_leaves_the_batch_free(checkpoint: Checkpoint) -> None:
    onnx = pytest.importorskip("onnx")
    data = to_onnx(checkpoint)
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]
    assert {weights.name for weights in model.graph.initializer} == set(checkpoint.model.state_dict())
    for count in (1, 7):
        assert run_onnx(data, torch.rand(count, 784))[1].shape == (count, 10)


def test_raw_logits_are_written_on_request(shipped: Path, tmp_path: Path) -> None:
    path = tmp_path / "augmented.onnx"
    assert main(["export", "augmented", "--format", "onnx", "--output", str(path), "--raw-logits"]) == 0
    assert run_onnx(path.read_bytes(), torch.rand(3, 784))[0] == "logits"


def test_without_onnx_the_extra_is_named(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(OnnxMissingError, match=r'pip install "dropout-mnist\[onnx\]"'):
        to_onnx(checkpoint)


def split_page(page: str) -> tuple[str, bytes]:
    """Return a page without its weights, and the weights: their compression depends on the version of zlib."""
    before, weights, after = re.split(r'(?<=id="weights">)([^<]+)', page)
    return before + after, zlib.decompress(base64.b64decode(weights))


def test_committed_page_is_what_the_command_writes(tmp_path: Path) -> None:
    path = tmp_path / "live.html"
    weights = SHIPPED_WEIGHTS / "augmented.safetensors"
    assert main(["export", str(weights), "--format", "html", "--output", str(path)]) == 0
    committed = (ROOT / "docs" / "live.html").read_text(encoding="utf-8")
    assert split_page(committed) == split_page(path.read_text(encoding="utf-8")), (
        "run: dropout-mnist export augmented --format html --output docs/live.html"
    )
    assert path.stat().st_size <= 3_000_000


def test_page_loads_nothing(checkpoint: Checkpoint) -> None:
    page = to_page(checkpoint).decode()
    assert "default-src 'none'" in page
    assert not re.search(r"\b(?:src|href)=|@import|url\(|\bfetch\(|^import ", page, re.MULTILINE)


def test_pytorch_archive_runs_with_torch_alone(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint.save(tmp_path / "mine.safetensors")
    code = main(
        ["export", str(tmp_path / "mine.safetensors"), "--format", "pytorch", "--output", str(tmp_path / "mine.zip")]
    )
    assert (code, capsys.readouterr().out) == (0, f"Written: {tmp_path / 'mine.zip'} (0.1 MB)\n")
    folder = tmp_path / "elsewhere"
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        assert archive.namelist() == ["model.py", "weights.safetensors"]
        archive.extractall(folder)
    use = (
        "import sys, torch, model; network = model.load_model()\n"
        "print(network.layers[2], *network(torch.linspace(0, 1, 784)[None]).flatten().tolist())\n"
        "print({'dropout_mnist', 'safetensors', 'torchvision'} & set(sys.modules))"
    )
    answer, other_packages = run_python(folder, "-c", use).splitlines()
    expected = checkpoint.model(torch.linspace(0, 1, 784)[None])[0].tolist()
    assert answer.startswith("Dropout(p=0.3, inplace=False) ")
    assert [float(logit) for logit in answer.split()[2:]] == pytest.approx(expected, abs=1e-6)
    assert other_packages == "set()"


def costs(text: str) -> list[float]:
    return [float(cost) for cost in re.findall(r"Cost: (\S+)", text)]


@pytest.mark.slow
def test_script_without_dropout_differs_from_the_run_by_rounding_only(digits: Dataset, tmp_path: Path) -> None:
    config = TrainConfig(
        dataset="digits",
        drop_prob=0.0,
        epochs=2,
        train_size=500,
        repeats=3,
        seed=4,
        batch_size=50,
        learning_rate=0.002,
        weight_decay=0.1,
        label_noise=0.2,
        hidden_sizes=(64, 32),
        device="cpu",
        precision="fp32",
    )
    (tmp_path / "train.py").write_text(write_script(config))
    printed = run_python(tmp_path, "train.py", path=str(ROOT))
    history = list(Training(config, digits))
    assert costs(printed) == pytest.approx([result.train_loss for result in history], rel=1e-4)
    assert re.findall(r"test accuracy (\S+)", printed) == [f"{result.test_accuracy:.4f}" for result in history]


@pytest.mark.slow
def test_script_drops_units_in_the_same_epochs(digits: Dataset, tmp_path: Path) -> None:
    """In the first epoch only rounding differs, in the second dropout raises the cost."""
    config = TrainConfig(
        dataset="digits",
        drop_prob=0.9,
        dropout_kind="gaussian",
        first_dropout_epoch=2,
        last_dropout_epoch=2,
        epochs=2,
        hidden_sizes=(64, 32),
        device="cpu",
        precision="fp32",
    )
    (tmp_path / "train.py").write_text(write_script(config))
    first, second = costs(run_python(tmp_path, "train.py", path=str(ROOT)))
    expected_first, expected_second = (result.train_loss for result in Training(config, digits))
    assert first == pytest.approx(expected_first, rel=1e-4)
    assert second > first
    assert expected_second > expected_first


@pytest.mark.slow
def test_script_costs_what_the_run_does_and_needs_nothing_of_this_project(mnist_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(mnist_folder)
    config = TrainConfig(epochs=1, device="cpu", precision="fp32")
    (tmp_path / "dropout_mnist.py").write_text("raise ImportError('the script needs this project')")
    (tmp_path / "train.py").write_text(write_script(config))
    [cost] = costs(run_python(tmp_path, "train.py"))
    [result] = Training(config, load_dataset("mnist"))
    assert cost == pytest.approx(result.train_loss, rel=0.03)


@pytest.mark.parametrize(
    ("config", "lines"),
    [
        (TrainConfig(), 65),
        (
            TrainConfig(
                dataset="digits",
                dropout_kind="gaussian",
                first_dropout_epoch=2,
                label_noise=0.2,
                repeats=2,
                weight_decay=0.1,
            ),
            80,
        ),
    ],
    ids=["defaults", "everything"],
)
def test_script_is_short_and_formatted(tmp_path: Path, config: TrainConfig, lines: int) -> None:
    script = write_script(config)
    path = tmp_path / "train.py"
    path.write_text(script)
    assert len(script.splitlines()) <= lines
    for command in (["check", "--isolated"], ["format", "--isolated", "--check"]):
        run_python(tmp_path, "-m", "ruff", *command, "--line-length=120", str(path))


def test_script_has_every_setting_that_changes_the_result() -> None:
    assert {"recipe", *SCRIPTED} == {name for name, setting in SETTINGS.items() if setting.changes_result}


def test_script_of_the_augmented_recipe_is_refused() -> None:
    with pytest.raises(ValueError, match="the augmented recipe does not fit into a short script"):
        write_script(TrainConfig.augmented())


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(),
        TrainConfig(dataset="digits", hidden_sizes=(64, 32), train_size=500, learning_rate=1e-5, drop_prob=0.55),
        TrainConfig.augmented(drop_prob=0.25),
    ],
    ids=lambda config: config.name,
)
def test_command_trains_with_the_config(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr("dropout_mnist.cli.train.run", lambda options: given.append(chosen_config(options)) or 0)
    program, *arguments = write_command(config).split()
    assert (program, main(arguments)) == ("dropout-mnist", 0)
    assert given == [config]


@pytest.mark.parametrize(
    ("arguments", "expected_error"),
    [
        (["nowhere"], "there is no file and no checkpoint 'nowhere'"),
        (["mine.safetensors", "--raw-logits"], "--raw-logits is for --format onnx"),
        (["mine.safetensors", "--output", "taken/mine.zip"], "Not a directory"),
    ],
)
def test_export_that_fails_is_one_line_and_writes_nothing(
    checkpoint: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    expected_error: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint.save("mine.safetensors")
    Path("taken").touch()
    model, *options = arguments
    assert main(["export", model, "--format", "pytorch", "--output", "mine.zip", *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected_error in captured.err
    assert captured.err.count("\n") == 1
    assert not Path("mine.zip").exists()
