"""What a trained model knows: its answers, its accuracy, its confusions and its most confident mistakes."""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.data.datasets import Split, scale
from dropout_mnist.model import MLP
from dropout_mnist.shapes import CLASSES

# Bounds the memory of the activations: 1,000 images of 512 units are 2 MB a layer.
CHUNK_SIZE = 1_000


# Below this probability an answer is unsure.
SURE = 0.9
# Where the two most probable digits together have less than this, there is no digit. `benchmarks/doubt.py` shows
# what these two bounds let through and what they hold back.
TWO_DIGITS = 0.75

CALIBRATION_BINS = 15


class Doubt(Enum):
    """How far an answer can be relied on."""

    NONE = "sure"
    WHICH = "unsure which digit"
    WHETHER = "looks like no digit"


@dataclass(frozen=True)
class Prediction:
    """The answer for one image.

    Attributes:
        probs: ten probabilities that add up to 1.
    """

    probs: tuple[float, ...]

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """The ten digits, the most probable first."""
        return tuple(sorted(range(CLASSES), key=lambda digit: -self.probs[digit]))

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return self.ranking[0]

    @property
    def doubt(self) -> Doubt:
        """Whether it is this digit, this one or another, or none at all."""
        first, second = (self.probs[digit] for digit in self.ranking[:2])
        if first + second < TWO_DIGITS:
            return Doubt.WHETHER
        return Doubt.NONE if first >= SURE else Doubt.WHICH


@dataclass(frozen=True)
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

    @cached_property
    def predictions(self) -> Tensor:
        """The most probable digit of each image, (N,) int64."""
        return self.probs.argmax(dim=1)

    @cached_property
    def correct(self) -> int:
        """How many images are recognised."""
        return int((self.predictions == self.labels).sum())

    @property
    def total(self) -> int:
        """How many images there are."""
        return len(self.labels)

    @property
    def accuracy(self) -> float:
        """The recognised fraction of the images."""
        return self.correct / self.total

    @cached_property
    def confusion(self) -> Tensor:
        """How often each digit (row) is taken for each digit (column), (10, 10) int64."""
        pairs = self.labels * CLASSES + self.predictions
        return torch.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)

    @property
    def digit_accuracy(self) -> tuple[float | None, ...]:
        """The recognised fraction of each digit's images; None for a digit without any."""
        rows = self.confusion.tolist()
        return tuple(row[digit] / sum(row) if any(row) else None for digit, row in enumerate(rows))

    @property
    def calibration_error(self) -> float:
        """How far the answers' probabilities are from the share of them that is right, on average.

        The expected calibration error over 15 equal bins: Guo et al., "On Calibration of Modern Neural Networks",
        ICML 2017, section 2.
        """
        confidence, right = self.probs.amax(dim=1), (self.predictions == self.labels).float()
        bins = (confidence * CALIBRATION_BINS).ceil().long().clamp(1, CALIBRATION_BINS) - 1
        gaps = torch.zeros(CALIBRATION_BINS).index_add_(0, bins, confidence - right)
        return float(gaps.abs().sum()) / self.total

    def top_confusions(self, count: int) -> list[tuple[int, int, int]]:
        """Return up to `count` most frequent mistakes as (digit, what it was taken for, how often)."""
        mistakes = self.confusion.clone().fill_diagonal_(0).flatten()
        order = mistakes.argsort(descending=True, stable=True)[:count]
        return [(int(pair) // CLASSES, int(pair) % CLASSES, int(mistakes[pair])) for pair in order if mistakes[pair]]

    def hardest_mistakes(self, count: int) -> list[int]:
        """Return the indices of up to `count` wrong answers, the most confident first."""
        wrong = (self.predictions != self.labels).nonzero().flatten()
        confidence = self.probs[wrong].amax(dim=1)
        order = confidence.argsort(descending=True, stable=True)
        return [int(index) for index in wrong[order[:count]]]


@torch.inference_mode()
def compute_logits(model: MLP, pixels: Tensor) -> Tensor:
    """Return the logits, (N, 10) float32 on the CPU, for pixels, (N, 784) uint8 on any device.

    The model is not changed: it has to be in eval mode already. Switching a shared model's mode from here
    would let another thread's answers be made with dropout.

    Raises:
        ValueError: the model is in train mode.
    """
    if model.training:
        raise ValueError("the model is in train mode, so dropout would spoil its answers: call model.eval() first")
    chunks = [model(scale(chunk.to(model.device))).cpu() for chunk in pixels.split(CHUNK_SIZE)]
    return torch.cat(chunks)


def evaluate(model: MLP, split: Split) -> Evaluation:
    """Let the model, in eval mode, answer for every image of a split.

    Raises:
        ValueError: the model is in train mode, or the split is empty.
    """
    if not len(split):
        raise ValueError("there are no images to evaluate on")
    logits = compute_logits(model, split.pixels)
    labels = split.labels.cpu()
    return Evaluation(F.cross_entropy(logits, labels).item(), logits.softmax(dim=1), labels)


def predict(model: MLP, pixels: Tensor) -> list[Prediction]:
    """Let the model, in eval mode, answer for pixels, (N, 784) uint8.

    Raises:
        ValueError: the model is in train mode.
    """
    probs = compute_logits(model, pixels).softmax(dim=1)
    return [Prediction(tuple(row.tolist())) for row in probs]
