"""Fine-tune a copy of a trained network on a few digits of one person, and measure what that gained.

The digits are varied in every step, and mixed with images that the network was trained on, so that it keeps what it
knows. What was gained is measured by cross-validation: each digit is read by a network that did not learn from it.
"""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.augmentation.distortion import distort
from dropout_mnist.augmentation.recipes import PREPARE
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.datasets import Dataset, Split
from dropout_mnist.evaluation import evaluate
from dropout_mnist.hardware.device import uses_bfloat16
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.inputs import scale
from dropout_mnist.shapes import CLASSES, IMAGE_SIZE, INPUT_SIZE
from dropout_mnist.train_step import inference_copy
from dropout_mnist.training import BLOCK_SIZE

STEPS = 100
BATCH_SIZE = 100
# Of each batch. The rest are images that the network was trained on.
OWN_SHARE = 0.5
# It falls to 0 in the end.
LEARNING_RATE = 1e-4

# The digits are divided into this many parts; each is read by a network that learned from the others.
FOLDS = 5

# Training images that are mixed in.
_MIXED = 4_000


class StoppedError(Exception):
    """Fine-tuning was stopped before its end."""


@dataclass(frozen=True)
class Adaptation:
    """A network that has learned from a person's digits, and what that gained.

    Attributes:
        checkpoint: with the new network.
        total: the person's digits.
        right_before: how many of them the network had read right.
        right_after: how many are read right by a network that learned from other ones of them; None if there is only
            one.
        correct_before, correct_after: test images that are recognized.
        test_total: of all test images.
    """

    checkpoint: Checkpoint
    total: int
    right_before: int
    right_after: int | None
    correct_before: int
    correct_after: int
    test_total: int


def adapt(
    checkpoint: Checkpoint,
    examples: Split,
    dataset: Dataset,
    *,
    seed: int = 1,
    on_progress: Callable[[float], None] = lambda share: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Adaptation:
    """Fine-tune a copy of a network on a person's digits.

    Args:
        checkpoint: with the network to start from, which is not changed.
        examples: the digits, at least one.
        dataset: that the network was trained on.
        seed: decides how the digits are varied, and the order of all images.
        on_progress: called after each step with the share that is done, above 0 and up to 1.
        should_stop: asked after each step.

    Raises:
        ValueError: there are no digits, or the data set is another one.
        StoppedError: `should_stop` returned true.
    """
    if not len(examples):
        raise ValueError("there are no digits to learn from")
    if dataset.name != checkpoint.config.dataset:
        raise ValueError(f"the network was trained on {checkpoint.config.dataset!r}, not on {dataset.name!r}")
    folds = list(_split_into_folds(examples, seed))
    runs = len(folds) + 1
    done = 0

    def on_step() -> None:
        nonlocal done
        done += 1
        on_progress(done / (runs * STEPS))
        if should_stop():
            raise StoppedError("stopped")

    mixed = _prepare(checkpoint, dataset, seed)
    right_after = 0
    for others, left_out in folds:
        right_after += evaluate(_fine_tune(checkpoint.model, others, mixed, seed, on_step), left_out).correct
    model = inference_copy(_fine_tune(checkpoint.model, examples, mixed, seed, on_step))
    before, after = evaluate(checkpoint.model, dataset.test), evaluate(model, dataset.test)
    return Adaptation(
        checkpoint=replace(
            checkpoint,
            model=model,
            correct=after.correct,
            total=after.total,
            own_digits=checkpoint.own_digits + len(examples),
        ),
        total=len(examples),
        right_before=evaluate(checkpoint.model, examples).correct,
        right_after=right_after if folds else None,
        correct_before=before.correct,
        correct_after=after.correct,
        test_total=after.total,
    )


def _split_into_folds(examples: Split, seed: int) -> Iterator[tuple[Split, Split]]:
    """Yield the examples without a part of them, and that part; nothing for one example alone."""
    if len(examples) < 2:
        return
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed))
    for part in order.chunk(FOLDS):
        others = order[~torch.isin(order, part)]
        yield examples[others], examples[part]


def _prepare(checkpoint: Checkpoint, dataset: Dataset, seed: int) -> tuple[Tensor, Tensor]:
    """Return some training images as the network's recipe shows them, with their target probabilities, (N, 10)."""
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(dataset.train), generator=generator)[:_MIXED]
    prepare = PREPARE[checkpoint.config.recipe]
    blocks = [prepare(dataset.train[block], generator) for block in chosen.split(BLOCK_SIZE)]
    images, targets = (torch.cat(parts) for parts in zip(*blocks, strict=True))
    return images, targets if targets.is_floating_point() else F.one_hot(targets, CLASSES).float()


def _fine_tune(
    start: MLP, examples: Split, mixed: tuple[Tensor, Tensor], seed: int, on_step: Callable[[], None]
) -> MLP:
    model = deepcopy(start).requires_grad_(True)
    # Dropout stays off: there are few steps, and the network has learned with it already.
    model.eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    generator = torch.Generator().manual_seed(seed)
    images = scale(examples.pixels).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    targets = F.one_hot(examples.labels, CLASSES).float()
    mixed_images, mixed_targets = mixed
    own = math.ceil(BATCH_SIZE * OWN_SHARE)
    low_precision = uses_bfloat16("auto", torch.device("cpu"))
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 - step / STEPS)
        chosen = torch.randint(len(examples), (own,), generator=generator)
        others = torch.randint(len(mixed_images), (BATCH_SIZE - own,), generator=generator)
        varied = distort(images[chosen], generator).reshape(-1, INPUT_SIZE)
        with torch.autocast("cpu", torch.bfloat16, enabled=low_precision):
            logits = model(torch.cat([varied, mixed_images[others]]))
        loss = F.cross_entropy(logits.float(), torch.cat([targets[chosen], mixed_targets[others]]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        on_step()
    return model.requires_grad_(False)
