"""Learning a person's hand: fine-tuning, cross-validation, and examples from a folder."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dropout_mnist.adaptation import fine_tuning
from dropout_mnist.adaptation.examples import ExamplesError, make_split, read_folder
from dropout_mnist.adaptation.fine_tuning import STEPS, StoppedError, adapt
from dropout_mnist.checkpoint import Checkpoint, CheckpointError
from dropout_mnist.data.datasets import Dataset, Split
from dropout_mnist.evaluation import evaluate
from dropout_mnist.model import MLP


@pytest.fixture
def own_hand() -> Split:
    """Ten digits of somebody who writes a 3 and an 8 as horizontal bars, high and low."""
    pairs = []
    for number in range(10):
        label = 3 if number % 2 else 8
        pixels = np.zeros((28, 28), np.uint8)
        top = 6 if label == 3 else 18
        pixels[top : top + 3, 4 + number % 3 : 24] = 255
        pairs.append((pixels, label))
    return make_split(pairs)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A learning rate at which a small network learns in these few steps."""
    monkeypatch.setattr(fine_tuning, "LEARNING_RATE", 5e-3)


def test_network_learns_a_hand_and_keeps_what_it_knows(
    checkpoint: Checkpoint, tiny: Dataset, own_hand: Split, quick: None
) -> None:
    assert evaluate(checkpoint.model, own_hand).accuracy < 0.6
    found = adapt(checkpoint, own_hand, tiny)
    assert evaluate(found.checkpoint.model, own_hand).accuracy == 1
    assert found.total == 10
    assert found.right_before == evaluate(checkpoint.model, own_hand).correct
    assert found.right_after is not None
    assert found.right_after >= 9
    assert found.correct_before == checkpoint.correct
    assert found.correct_after == found.checkpoint.correct == evaluate(found.checkpoint.model, tiny.test).correct
    assert found.correct_after > 0.9 * found.test_total


def test_gain_is_measured_on_digits_that_were_not_learned_from(
    checkpoint: Checkpoint, tiny: Dataset, own_hand: Split, quick: None
) -> None:
    # Noise can be learned by heart, and then says nothing about other noise.
    random = torch.randint(0, 256, (10, 784), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(10)
    found = adapt(checkpoint, Split(random, labels), tiny)
    assert evaluate(found.checkpoint.model, Split(random, labels)).correct > 5
    assert found.right_after is not None
    assert found.right_after < 5


def test_start_is_not_changed_and_the_result_is_reproducible(
    checkpoint: Checkpoint, tiny: Dataset, own_hand: Split
) -> None:
    before = checkpoint.to_bytes()
    first, second = (adapt(checkpoint, own_hand, tiny).checkpoint for _ in range(2))
    assert checkpoint.to_bytes() == before
    assert first.to_bytes() == second.to_bytes() != before
    assert not first.model.training
    assert not any(weights.requires_grad for weights in first.model.parameters())


def test_progress_reaches_the_end_step_by_step(checkpoint: Checkpoint, tiny: Dataset, own_hand: Split) -> None:
    shares: list[float] = []
    adapt(checkpoint, own_hand, tiny, on_progress=shares.append)
    assert shares == sorted(set(shares))
    assert len(shares) == (fine_tuning.FOLDS + 1) * STEPS
    assert shares[-1] == 1


def test_learning_rate_falls_evenly_to_0(
    checkpoint: Checkpoint, tiny: Dataset, own_hand: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []

    class Adam(torch.optim.Adam):
        def step(self, closure: object = None) -> None:
            rates.append(self.param_groups[0]["lr"])
            super().step()

    monkeypatch.setattr(torch.optim, "Adam", Adam)
    adapt(checkpoint, own_hand[:1], tiny)
    assert rates == pytest.approx(np.linspace(fine_tuning.LEARNING_RATE, 0, STEPS + 1)[:-1])


def test_half_of_each_batch_are_own_digits_and_the_others_are_shown_as_the_recipe_does(
    checkpoint: Checkpoint, tiny: Dataset, own_hand: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: list[torch.Tensor] = []
    distort, prepare = fine_tuning.distort, fine_tuning.PREPARE["augmented"]
    shown: list[int] = []

    def note_own(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        own.append(images)
        return distort(images, generator)

    def note_shown(split: Split, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        shown.extend(split.labels.tolist())
        return prepare(split, generator)

    batches: list[int] = []
    forward = MLP.forward

    def note_batch(model: MLP, images: torch.Tensor) -> torch.Tensor:
        if model.get_parameter("layers.0.weight").requires_grad:
            batches.append(len(images))
            assert not model.training
        return forward(model, images)

    monkeypatch.setattr(fine_tuning, "distort", note_own)
    monkeypatch.setitem(fine_tuning.PREPARE, "augmented", note_shown)
    monkeypatch.setattr(MLP, "forward", note_batch)
    augmented = replace(checkpoint, config=replace(checkpoint.config, recipe="augmented"))
    adapt(augmented, own_hand[:1], tiny)
    assert batches == [fine_tuning.BATCH_SIZE] * STEPS
    assert {tuple(images.shape) for images in own} == {(fine_tuning.BATCH_SIZE // 2, 28, 28)}
    assert all(torch.equal(image, own_hand.pixels[0].reshape(28, 28) / 255) for image in own[-1])
    # Each training image once.
    assert sorted(shown) == sorted(tiny.train.labels.tolist())


def test_one_digit_cannot_tell_what_was_gained(checkpoint: Checkpoint, tiny: Dataset, own_hand: Split) -> None:
    found = adapt(checkpoint, own_hand[:1], tiny)
    assert found.total == 1
    assert found.right_after is None


def test_learning_can_be_stopped(checkpoint: Checkpoint, tiny: Dataset, own_hand: Split) -> None:
    shares: list[float] = []
    with pytest.raises(StoppedError):
        adapt(checkpoint, own_hand, tiny, on_progress=shares.append, should_stop=lambda: len(shares) == 5)
    assert len(shares) == 5


def test_other_data_and_no_digits_are_refused(checkpoint: Checkpoint, tiny: Dataset, own_hand: Split) -> None:
    with pytest.raises(ValueError, match="no digits"):
        adapt(checkpoint, own_hand[:0], tiny)
    with pytest.raises(ValueError, match="trained on 'digits', not on 'mnist'"):
        adapt(checkpoint, own_hand, replace(tiny, name="mnist"))


def test_file_says_that_the_network_learned_a_hand(
    checkpoint: Checkpoint, tiny: Dataset, own_hand: Split, tmp_path: Path
) -> None:
    learned = adapt(checkpoint, own_hand, tiny).checkpoint
    assert learned.name == f"{checkpoint.name}-hand10"
    learned.save(tmp_path / "mine.safetensors")
    assert Checkpoint.load(tmp_path / "mine.safetensors").own_digits == 10
    again = adapt(learned, own_hand[:2], tiny).checkpoint
    assert again.own_digits == 12
    damaged = replace(learned, own_digits=-1).to_bytes()
    with pytest.raises(CheckpointError, match="own_digits must be a whole number"):
        Checkpoint.from_bytes(damaged, "damaged.safetensors")


def draw_bar(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    image = Image.new("L", (100, 100), "white")
    image.paste(0, (45, 20, 55, 80))
    image.save(path)


def test_examples_are_read_from_folders_named_after_their_digits(tmp_path: Path) -> None:
    for name in ("1/a.png", "1/b.png", "7/c.png", "notes/d.png"):
        draw_bar(tmp_path / name)
    (tmp_path / "1" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "1" / "Thumbs.db").write_bytes(b"x")
    os.mkfifo(tmp_path / "1" / "pipe.png")
    split = read_folder(tmp_path)
    assert split.labels.tolist() == [1, 1, 7]
    assert split.pixels.shape == (3, 784)
    assert split.pixels.amax(dim=1).min() == 255


def test_folder_without_examples_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match="no pictures in subfolders named 0 to 9"):
        read_folder(tmp_path)


def test_missing_folder_of_examples_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("nowhere", "file"):
        with pytest.raises(ExamplesError, match=rf"there is no folder .*{name}"):
            read_folder(tmp_path / name)


def test_unreadable_example_is_named(tmp_path: Path) -> None:
    draw_bar(tmp_path / "1" / "a.png")
    (tmp_path / "1" / "b.png").write_bytes(b"rubbish")
    with pytest.raises(ExamplesError, match=r"b\.png: This is not a picture"):
        read_folder(tmp_path)
