"""How far networks doubt what they see: a single one, the thinned ones of dropout, and an ensemble trained apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from dropout_mnist.data.datasets import Split
from dropout_mnist.evaluation import compute_logits
from dropout_mnist.experiments.non_digits import KINDS, make_non_digits
from dropout_mnist.experiments.subnetworks import mutual_information, predictive_entropy, thinned_probs
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.inputs import scale
from dropout_mnist.shapes import CLASSES

# The kind of the images that are digits.
DIGITS = "digits"

SINGLE, THINNED, ENSEMBLE = "one network", "Monte Carlo dropout", "ensemble of 5"
HIGHEST, ENTROPY, INFORMATION = "highest probability", "entropy", "mutual information"

# Of each kind.
COUNT = 2_000
# Thinned networks for each image.
PASSES = 30
_SEED = 1

# Pixels of each kind of image, (N, 784) uint8, by kind.
Images = Mapping[str, Tensor]


def make_images(digits: Split, count: int = COUNT) -> dict[str, Tensor]:
    """Return evenly chosen digits and as many non-digits of each kind, (N, 784) uint8, by kind."""
    images = {DIGITS: digits.pixels[:: max(1, len(digits) // count)][:count]}
    return images | {kind: make_non_digits(kind, digits, count) for kind in KINDS}


def measure_network(model: MLP, drop_prob: float, images: Images) -> list[dict[str, Any]]:
    """Measure the doubt of a network and of its thinned networks; see `measure_ensemble` for the rows.

    Args:
        model: in eval mode.
        drop_prob: of the thinned networks.
        images: by kind.
    """
    scores: dict[tuple[str, str], dict[str, Tensor]] = {}
    for kind, pixels in images.items():
        probs = compute_logits(model, pixels).softmax(dim=1)
        scores.setdefault((SINGLE, HIGHEST), {})[kind] = 1 - probs.amax(dim=1)
        scores.setdefault((SINGLE, ENTROPY), {})[kind] = predictive_entropy(probs[None])
        for score, values in _disagreement(thin(model, drop_prob, pixels)).items():
            scores.setdefault((THINNED, score), {})[kind] = values
    return _rows(scores)


def measure_ensemble(models: Sequence[MLP], images: Images) -> list[dict[str, Any]]:
    """Measure the doubt of networks that were trained apart.

    Returns:
        a row for each score and kind of image: its mean, and the area under the ROC curve (`auroc`) of the digits
        against this kind; None for the digits themselves.
    """
    scores: dict[tuple[str, str], dict[str, Tensor]] = {}
    for kind, pixels in images.items():
        passes = torch.stack([compute_logits(model, pixels).softmax(dim=1) for model in models])
        for score, values in _disagreement(passes).items():
            scores.setdefault((ENSEMBLE, score), {})[kind] = values
    return _rows(scores)


def thin(model: MLP, drop_prob: float, pixels: Tensor) -> Tensor:
    """Return the probabilities of thinned networks for each image, (N, 784) uint8 -> (PASSES, N, 10) float32."""
    repeated = scale(pixels).repeat(PASSES, 1)
    return thinned_probs(model, repeated, drop_prob, _SEED).reshape(PASSES, len(pixels), CLASSES)


def _disagreement(passes: Tensor) -> dict[str, Tensor]:
    return {ENTROPY: predictive_entropy(passes), INFORMATION: mutual_information(passes)}


def _rows(scores: Mapping[tuple[str, str], Mapping[str, Tensor]]) -> list[dict[str, Any]]:
    return [
        {
            "method": method,
            "score": score,
            "kind": kind,
            "images": len(values),
            "mean": float(values.mean()),
            "auroc": None if kind == DIGITS else _area(by_kind[DIGITS], values),
        }
        for (method, score), by_kind in scores.items()
        for kind, values in by_kind.items()
    ]


def _area(digits: Tensor, others: Tensor) -> float:
    """Return the area under the ROC curve: how often the score of a non-digit is above that of a digit."""
    # Lazy: takes longer than the rest of this module.
    from sklearn.metrics import roc_auc_score

    truth = torch.cat([torch.zeros(len(digits)), torch.ones(len(others))])
    return float(roc_auc_score(truth.numpy(), torch.cat([digits, others]).numpy()))
