"""Measure what a trained network knows: its answers, its accuracy, its confusions and its most confident mistakes."""

import sys
from dataclasses import asdict, dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.data.datasets import Split
from dropout_mnist.messages.message import Message
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.inputs import scale, to_batch
from dropout_mnist.shapes import CLASSES

# Bounds the memory of the activations: 1,000 images of 512 units are 2 MB per layer.
CHUNK_SIZE = 1_000

# An answer is sure from this probability on.
SURE = 0.9
# A second digit is possible from this probability on.
SECOND = 0.1
# Where the two most probable digits together have less than this, the image is not a digit. `benchmarks/doubt.py`
# shows what these thresholds let through and what they hold back.
TWO_DIGITS = 0.75

CALIBRATION_BINS = 15


class Doubt(Enum):
    """How far an answer can be relied on."""

    NONE = "sure"
    UNSURE = "unsure"
    AMBIGUOUS = "ambiguous"
    NOT_A_DIGIT = "not a digit"


@dataclass(frozen=True, repr=False)
class Prediction:
    """The answer for one image.

    Attributes:
        probs: ten probabilities that add up to 1.
    """

    probs: tuple[float, ...]

    def __repr__(self) -> str:
        return f"Prediction(digit={self.digit}, confidence={self.confidence:.4f}, doubt={self.doubt.value!r})"

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """The ten digits, the most probable first."""
        return tuple(sorted(range(CLASSES), key=lambda digit: -self.probs[digit]))

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return self.ranking[0]

    @property
    def confidence(self) -> float:
        """The probability of the most probable digit."""
        return self.probs[self.digit]

    @property
    def doubt(self) -> Doubt:
        """Whether the answer is sure, probable, one of two digits, or not a digit at all."""
        first, second = (self.probs[digit] for digit in self.ranking[:2])
        if first + second < TWO_DIGITS:
            return Doubt.NOT_A_DIGIT
        if first >= SURE:
            return Doubt.NONE
        return Doubt.AMBIGUOUS if second >= SECOND else Doubt.UNSURE


@dataclass(frozen=True, kw_only=True)
class EpochResult:
    """The measurements of one epoch. Losses are mean cross entropies in nats, accuracies are fractions.

    Attributes:
        epoch: counted from 1.
        train_loss: mean over the epoch's batches during training, *with dropout on*: what the optimizer sees, and the
            notebook's "Cost".
        eval_train_loss, eval_train_accuracy: after the epoch, *with dropout off*, on up to 10,000 training images.
        test_loss, test_accuracy: after the epoch, with dropout off, on the whole test set.
        seconds: time spent on training alone, without the evaluations.
        memorized: fraction of the wrong labels among those training images that the network gives as its answers; None
            if no label is wrong, as without `label_noise`. Arpit et al., "A Closer Look at Memorization in Deep
            Networks", ICML 2017.

    Raises:
        ValueError: a value is not such a measurement.
    """

    epoch: int
    train_loss: float
    eval_train_loss: float
    eval_train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float
    memorized: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name == "memorized" and value is None:
                continue
            highest = 1.0 if name.endswith("accuracy") or name == "memorized" else sys.float_info.max
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= highest:
                raise ValueError(
                    Message(
                        "{name} must be a number from 0 to {highest:g}, not {value}",
                        name=name,
                        highest=highest,
                        value=f"{value!r:.80}",
                    )
                )


@dataclass(frozen=True, repr=False)
class Evaluation:
    """A model's answers for a whole split.

    Attributes:
        loss: mean cross entropy, in nats.
        probs: (N, 10) float32.
        labels: (N,) int64.
    """

    loss: float
    probs: Tensor
    labels: Tensor

    def __repr__(self) -> str:
        return f"Evaluation(accuracy={self.accuracy:.4f}, {self.correct:,} of {self.total:,}, loss={self.loss:.4f})"

    @cached_property
    def predictions(self) -> Tensor:
        """The most probable digit of each image, (N,) int64."""
        return self.probs.argmax(dim=1)

    @cached_property
    def correct(self) -> int:
        """The number of images recognized."""
        return int((self.predictions == self.labels).sum())

    @property
    def total(self) -> int:
        """The number of images."""
        return len(self.labels)

    @property
    def accuracy(self) -> float:
        """The fraction of images recognized."""
        return self.correct / self.total

    @cached_property
    def confusion(self) -> Tensor:
        """The confusion matrix, (10, 10) int64: labels in rows, predictions in columns."""
        pairs = self.labels * CLASSES + self.predictions
        return torch.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)

    @property
    def digit_accuracy(self) -> tuple[float | None, ...]:
        """The fraction of each digit's images recognized; None for a digit without images."""
        rows = self.confusion.tolist()
        return tuple(row[digit] / sum(row) if any(row) else None for digit, row in enumerate(rows))

    @property
    def calibration_error(self) -> float:
        """The expected calibration error over 15 equal bins: how far confidence is from accuracy, on average.

        Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 2.
        """
        confidence, right = self.probs.amax(dim=1), (self.predictions == self.labels).float()
        bins = (confidence * CALIBRATION_BINS).ceil().long().clamp(1, CALIBRATION_BINS) - 1
        gaps = torch.zeros(CALIBRATION_BINS).index_add_(0, bins, confidence - right)
        return float(gaps.abs().sum()) / self.total

    def top_confusions(self, count: int) -> list[tuple[int, int, int]]:
        """Return the up to `count` most common errors as (label, prediction, number of images)."""
        mistakes = self.confusion.clone().fill_diagonal_(0).flatten()
        order = mistakes.argsort(descending=True, stable=True)[:count]
        return [(int(pair) // CLASSES, int(pair) % CLASSES, int(mistakes[pair])) for pair in order if mistakes[pair]]

    @cached_property
    def mistakes(self) -> list[int]:
        """The indices of the misread images, the most confident mistakes first."""
        return self._by_confidence(self.predictions != self.labels)

    def find(self, label: int, prediction: int) -> list[int]:
        """Return the indices of the images with this label and this prediction, the most confident answers first."""
        return self._by_confidence((self.labels == label) & (self.predictions == prediction))

    def _by_confidence(self, selected: Tensor) -> list[int]:
        indices = selected.nonzero().flatten()
        order = self.probs[indices].amax(dim=1).argsort(descending=True, stable=True)
        found: list[int] = indices[order].tolist()
        return found


@torch.inference_mode()
def compute_logits(model: MLP, images: Tensor) -> Tensor:
    """Return the logits, (N, 10) float32 on the CPU.

    The model is not changed: it has to be in eval mode already. Switching a shared model's mode here would let another
    thread's answers be computed with dropout.

    Args:
        model: in eval mode, on any device.
        images: (N, 784), uint8 pixels or float32 in [0, 1], on any device.

    Raises:
        ValueError: the model is in train mode.
    """
    if model.training:
        raise ValueError("the model is in train mode, so dropout would spoil its answers: call model.eval() first")
    chunks = [model(scale(chunk.to(model.device))).cpu() for chunk in images.split(CHUNK_SIZE)]
    return torch.cat(chunks)


def evaluate(model: MLP, split: Split) -> Evaluation:
    """Evaluate the model, in eval mode, on every image of a split.

    Raises:
        ValueError: the model is in train mode, or the split is empty.
        TypeError: this is not a split.
    """
    if not isinstance(split, Split):
        raise TypeError(f"a split is needed, such as dataset.test, not {split!r:.80}")
    if not len(split):
        raise ValueError("there are no images to evaluate on")
    logits = compute_logits(model, split.pixels)
    labels = split.labels.cpu()
    return Evaluation(F.cross_entropy(logits, labels).item(), logits.softmax(dim=1), labels)


def predict_batch(model: MLP, images: Tensor) -> list[Prediction]:
    """Recognize a batch of digits with the model, in eval mode.

    Args:
        model: in eval mode.
        images: (N, 784), uint8 pixels or float32 in [0, 1].

    Raises:
        ValueError: the model is in train mode.
    """
    probs = compute_logits(model, images).softmax(dim=1)
    return [Prediction(tuple(row.tolist())) for row in probs]


def predict(model: MLP, images: Any) -> Prediction | list[Prediction]:
    """Recognize one digit or many with the model, in eval mode.

    Args:
        model: in eval mode.
        images: one image or many, as arrays, tensors, pictures or paths: see `preprocessing.inputs.to_batch`.

    Returns:
        a `Prediction` for one image, a list of them for many.

    Raises:
        ValueError: the model is in train mode, or the images have another shape, type or range.
        PictureError: a picture cannot be read, or does not show one digit.
        OSError: a file cannot be read.
    """
    batch, single = to_batch(images)
    predictions = predict_batch(model, batch)
    return predictions[0] if single else predictions
