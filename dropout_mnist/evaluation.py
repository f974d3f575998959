"""What a trained model knows: its answers, its accuracy, its confusions and its most confident mistakes."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.data import Split, scale
from dropout_mnist.model import CLASSES, MLP

# Bounds the memory of the activations: 1,000 images of 512 units are 2 MB a layer.
CHUNK_SIZE = 1_000


@dataclass(frozen=True)
class Prediction:
    """The answer for one image.

    Attributes:
        digit: the most probable digit.
        probs: ten probabilities that add up to 1.
    """

    digit: int
    probs: tuple[float, ...]


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

    @property
    def predictions(self) -> Tensor:
        """The most probable digit of each image, (N,) int64."""
        return self.probs.argmax(dim=1)

    @property
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

    @property
    def confusion(self) -> Tensor:
        """How often each digit (row) is taken for each digit (column), (10, 10) int64."""
        pairs = self.labels * CLASSES + self.predictions
        return torch.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)

    @property
    def digit_accuracy(self) -> tuple[float | None, ...]:
        """The recognised fraction of each digit's images; None for a digit without any."""
        counts = self.confusion
        return tuple(int(row[digit]) / int(row.sum()) if row.sum() else None for digit, row in enumerate(counts))

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
    return [Prediction(int(row.argmax()), tuple(row.tolist())) for row in probs]
