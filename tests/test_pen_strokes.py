import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from dropout_mnist.checkpoint import load_checkpoint
from dropout_mnist.data.mnist_files import DataError
from dropout_mnist.data.pen_strokes import WrittenDigit, draw_on_canvas, draw_split, load_stroke_set
from dropout_mnist.evaluation import evaluate

from .conftest import SHIPPED_WEIGHTS

ONE = {"label": 1, "group": "here", "strokes": [[[0.2, 0.0], [0.1, 0.5], [0.0, 1.0]]]}
SEVEN = {"label": 7, "group": "there", "strokes": [[[0.0, 0.0], [0.6, 0.0], [0.2, 1.0]], [[0.1, 0.5], [0.6, 0.5]]]}


@pytest.fixture
def digits(tmp_path: Path) -> list[WrittenDigit]:
    path = tmp_path / "digits.jsonl"
    path.write_text("\n".join(map(json.dumps, (ONE, SEVEN))))
    return load_stroke_set(path)


def test_file_is_read_plain_or_compressed(tmp_path: Path, digits: list[WrittenDigit]) -> None:
    assert [(digit.label, digit.group, len(digit.strokes)) for digit in digits] == [(1, "here", 1), (7, "there", 2)]
    packed = tmp_path / "digits.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(ONE).encode() + b"\n\n"))
    [one] = load_stroke_set(packed)
    assert np.array_equal(one.strokes[0], digits[0].strokes[0])


@pytest.mark.parametrize(
    ("content", "expected_error"),
    [
        (b"", "has no digits"),
        (b"\x1f\x8bnonsense", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"hello", "line 1: this is no digit"),
        (json.dumps(ONE).encode() + b"\n[]", "line 2: this is no digit"),
        (json.dumps(ONE | {"label": 10}).encode(), "label 10 is no digit"),
        (json.dumps(ONE | {"label": True}).encode(), "label True is no digit"),
        (json.dumps(ONE | {"strokes": []}).encode(), "needs strokes"),
        (json.dumps(ONE | {"strokes": [[]]}).encode(), "needs strokes"),
        (json.dumps(ONE | {"strokes": [[[0, float("nan")]]]}).encode(), "needs strokes"),
        (json.dumps(ONE | {"strokes": [[[0, 1, 2]]]}).encode(), "this is no digit"),
        (json.dumps({"label": 1}).encode(), "'group'"),
    ],
)
def test_damaged_file_is_refused_with_the_line(tmp_path: Path, content: bytes, expected_error: str) -> None:
    path = tmp_path / "digits"
    path.write_bytes(content)
    with pytest.raises(DataError, match=expected_error):
        load_stroke_set(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_stroke_set(tmp_path / "nowhere")


def test_digits_are_drawn_inside_the_canvas_in_every_size(digits: list[WrittenDigit]) -> None:
    generator = np.random.default_rng(0)
    sizes = []
    for _ in range(200):
        points = [point for path in draw_on_canvas(digits[0], generator) for _, *point in path["path"]]
        places = np.array([point[-2:] for point in points])
        assert places.min() >= 10
        assert places.max() <= 270
        sizes.append(np.ptp(places[:, 1]) / 280)
    assert 0.35 <= min(sizes) < 0.4
    assert 0.8 < max(sizes) <= 0.85


def test_pen_size_and_place_make_no_difference(digits: list[WrittenDigit]) -> None:
    usual = draw_split(digits)
    assert usual.labels.tolist() == [1, 7]
    for seed, (pen_width, size) in enumerate([(8, 0.25), (8, 1), (40, 0.25), (40, 1)]):
        other = draw_split(digits, seed, pen_width=pen_width, smallest=size, largest=size)
        assert (other.pixels.float() - usual.pixels.float()).abs().mean() < 2


def test_same_seed_draws_alike(digits: list[WrittenDigit]) -> None:
    generators = (np.random.default_rng(3), np.random.default_rng(3))
    assert draw_on_canvas(digits[1], generators[0]) == draw_on_canvas(digits[1], generators[1])
    assert torch.equal(draw_split(digits, 3).pixels, draw_split(digits, 3).pixels)


def test_shipped_weights_recognise_what_people_draw(strokes_file: Path) -> None:
    checkpoint = load_checkpoint(SHIPPED_WEIGHTS / "augmented.safetensors")
    evaluation = evaluate(checkpoint.model, draw_split(load_stroke_set(strokes_file)[::4]))
    assert 0.97 < evaluation.accuracy < 1
    assert evaluation.calibration_error < 0.02
