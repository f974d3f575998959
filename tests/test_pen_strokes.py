import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.mnist_files import DataError
from dropout_mnist.data.pen_strokes import PenDigit, draw_on_canvas, load_pen_digits, render_split
from dropout_mnist.evaluation import evaluate

from .conftest import SHIPPED_WEIGHTS

ONE = {"label": 1, "group": "here", "strokes": [[[0.2, 0.0], [0.1, 0.5], [0.0, 1.0]]]}
SEVEN = {"label": 7, "group": "there", "strokes": [[[0.0, 0.0], [0.6, 0.0], [0.2, 1.0]], [[0.1, 0.5], [0.6, 0.5]]]}


@pytest.fixture
def digits(tmp_path: Path) -> list[PenDigit]:
    path = tmp_path / "digits.jsonl"
    path.write_text("\n".join(map(json.dumps, (ONE, SEVEN))))
    return load_pen_digits(path)


def test_file_may_be_compressed(tmp_path: Path, digits: list[PenDigit]) -> None:
    assert [(digit.label, digit.group, len(digit.strokes)) for digit in digits] == [(1, "here", 1), (7, "there", 2)]
    packed = tmp_path / "digits.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(ONE).encode() + b"\n\n"))
    [one] = load_pen_digits(packed)
    assert np.array_equal(one.strokes[0], digits[0].strokes[0])


@pytest.mark.parametrize(
    ("content", "expected_error"),
    [
        (b"", "contains no digits"),
        (b"\x1f\x8bnonsense", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"hello", "line 1: not a digit"),
        (json.dumps(ONE).encode() + b"\n[]", "line 2: not a digit"),
        (json.dumps(ONE | {"label": 10}).encode(), "label must be an integer from 0 to 9, not 10"),
        (json.dumps(ONE | {"label": True}).encode(), "label must be an integer from 0 to 9, not True"),
        (json.dumps(ONE | {"strokes": []}).encode(), "needs at least one stroke"),
        (json.dumps(ONE | {"strokes": [[]]}).encode(), "needs at least one stroke"),
        (json.dumps(ONE | {"strokes": [[[0, float("nan")]]]}).encode(), "needs at least one stroke"),
        (json.dumps(ONE | {"strokes": [[[0, 1, 2]]]}).encode(), "not a digit"),
        (json.dumps({"label": 1}).encode(), "'group'"),
    ],
)
def test_damaged_file_is_refused_with_its_line(tmp_path: Path, content: bytes, expected_error: str) -> None:
    path = tmp_path / "digits"
    path.write_bytes(content)
    with pytest.raises(DataError, match=expected_error):
        load_pen_digits(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_pen_digits(tmp_path / "nowhere")


def test_digits_are_drawn_inside_the_canvas_at_any_size(digits: list[PenDigit]) -> None:
    generator = np.random.default_rng(0)
    sizes = []
    for _ in range(200):
        points = [point for path in draw_on_canvas(digits[0], generator) for _, *point in path["path"]]
        ends = np.array([point[-2:] for point in points])
        assert ends.min() >= 10
        assert ends.max() <= 270
        sizes.append(np.ptp(ends[:, 1]) / 280)
    assert 0.35 <= min(sizes) < 0.4
    assert 0.8 < max(sizes) <= 0.85


def test_input_does_not_depend_on_pen_width_size_and_position(digits: list[PenDigit]) -> None:
    usual = render_split(digits)
    assert usual.labels.tolist() == [1, 7]
    for seed, (pen_width, size) in enumerate([(8, 0.25), (8, 1), (40, 0.25), (40, 1)]):
        other = render_split(digits, seed, pen_width=pen_width, smallest=size, largest=size)
        assert (other.pixels.float() - usual.pixels.float()).abs().mean() < 2


def test_same_seed_draws_the_same(digits: list[PenDigit]) -> None:
    generators = (np.random.default_rng(3), np.random.default_rng(3))
    assert draw_on_canvas(digits[1], generators[0]) == draw_on_canvas(digits[1], generators[1])
    assert torch.equal(render_split(digits, 3).pixels, render_split(digits, 3).pixels)


@pytest.mark.slow
def test_shipped_weights_recognize_handwritten_digits(strokes_file: Path) -> None:
    checkpoint = Checkpoint.load(SHIPPED_WEIGHTS / "augmented.safetensors")
    evaluation = evaluate(checkpoint.model, render_split(load_pen_digits(strokes_file)[::4]))
    assert 0.97 < evaluation.accuracy < 1
    assert evaluation.calibration_error < 0.02
