"""What a sweep measures on each network it has trained, as rows of a table."""

from collections.abc import Callable
from itertools import product
from typing import Any

import torch
from torch import Tensor

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, scale
from dropout_mnist.evaluation import evaluate
from dropout_mnist.experiments.subnetworks import LARGEST, RANDOM, activations, cut_probs, removal_order, thinned_probs
from dropout_mnist.model import MLP

Row = dict[str, Any]

PASSES = 400
AVERAGED = (1, 2, 5, 10, 20, 50, 100, 200)

SHARES = tuple(percent / 100 for percent in range(0, 100, 5))

# The last bin takes everything above.
BIN_WIDTH, BINS = 0.1, 50


def measure_averaging(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Return the test error of k thinned networks' averaged probabilities, and how it varies with the networks drawn.

    Srivastava et al. 2014, section 7.5 and figure 11. 400 thinned networks answer for every image, in groups of k.
    Without dropout there is nothing to average, and no row.
    """
    if not config.drop_prob:
        return []
    images, labels = scale(dataset.test.pixels), dataset.test.labels
    sums = {k: torch.zeros(len(labels), 10) for k in AVERAGED}
    errors: dict[int, list[float]] = {k: [] for k in AVERAGED}
    for number in range(1, PASSES + 1):
        probs = thinned_probs(model, images, config.drop_prob, seed=number)
        for k, total in sums.items():
            total += probs
            if number % k == 0:
                errors[k].append(_error(total, labels))
                total.zero_()
    full_error = 1 - evaluate(model, dataset.test).accuracy
    return [
        {
            "k": k,
            "groups": len(found),
            "test_error": float(torch.tensor(found).mean()),
            "spread": float(torch.tensor(found).std()),
            "full_network_error": full_error,
        }
        for k, found in errors.items()
    ]


def measure_surgery(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Return the test accuracy after a share of every hidden layer's units has been removed, without training anew.

    The units left are scaled up, or not.
    """
    images, labels = scale(dataset.test.pixels), dataset.test.labels
    rows = []
    for order in (RANDOM, LARGEST):
        places = removal_order(model, order, config.seed)
        for scaled, share in product((False, True), SHARES):
            accuracy = 1 - _error(cut_probs(model, images, share, places, scaled), labels)
            rows.append({"order": order, "scaled": scaled, "removed": share, "test_accuracy": accuracy})
    return rows


def measure_activations(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Return how the activations of each hidden layer are distributed over the test images, with dropout off.

    Srivastava et al. 2014, section 7.2 and figure 8. The first row of a layer is the share of exact zeros.
    """
    rows = []
    for number, hidden in enumerate(activations(model, scale(dataset.test.pixels)), start=1):
        places = (hidden / BIN_WIDTH).floor().clamp(max=BINS - 1).long()
        counts = torch.bincount(places[hidden > 0], minlength=BINS)
        rows.append({"layer": number, "low": 0.0, "high": 0.0, "share": float((hidden == 0).float().mean())})
        for place, count in enumerate(counts.tolist()):
            low, high = round(place * BIN_WIDTH, 3), round((place + 1) * BIN_WIDTH, 3)
            rows.append({"layer": number, "low": low, "high": high, "share": count / hidden.numel()})
    return rows


def _error(probs: Tensor, labels: Tensor) -> float:
    return float((probs.argmax(dim=1) != labels).float().mean())


MEASUREMENTS: dict[str, Callable[[MLP, TrainConfig, Dataset], list[Row]]] = {
    "averaging": measure_averaging,
    "surgery": measure_surgery,
    "activations": measure_activations,
}
