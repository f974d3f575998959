"""Measurements that a sweep can take of each network it trains, as rows of a table."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import torch
from torch import Tensor

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, Split
from dropout_mnist.evaluation import evaluate
from dropout_mnist.experiments.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from dropout_mnist.experiments.pruning import AT_RANDOM, LARGEST_FIRST, pruned_probs, removal_ranks
from dropout_mnist.experiments.shrinking import KEPT_SHARES, ORDERS, PARTS, file_bytes, keep
from dropout_mnist.experiments.subnetworks import hidden_activations, thinned_probs
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.inputs import scale
from dropout_mnist.training import choose_images

Row = dict[str, Any]

# Thinned networks sampled for each image, and the numbers of them to average.
PASSES = 400
NETWORK_COUNTS = (1, 2, 5, 10, 20, 50, 100, 200)

PRUNED_SHARES = tuple(percent / 100 for percent in range(0, 100, 5))

# Of the histogram of activations; the last bin also counts all larger values.
BIN_WIDTH, BINS = 0.1, 50

# Training images to choose settings by.
HELD_OUT_IMAGES = 10_000


def measure_averaging(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Measure the test error of the averaged probabilities of k thinned networks, for each k of `NETWORK_COUNTS`.

    Each image is classified by 400 thinned networks, in groups of k. `spread` is the standard deviation of the error
    over the groups. A network trained without dropout has no thinned networks, so it has no rows.
    Srivastava et al. 2014, section 7.5 and figure 11.
    """
    if not config.drop_prob:
        return []
    images, labels = scale(dataset.test.pixels), dataset.test.labels
    sums = {k: torch.zeros(len(labels), 10) for k in NETWORK_COUNTS}
    errors: dict[int, list[float]] = {k: [] for k in NETWORK_COUNTS}
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


def measure_pruning(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Measure the test accuracy after removing a share of each hidden layer's units, without training again.

    There are rows for both orders of removal, each with and without scaling of the remaining units.
    """
    images, labels = scale(dataset.test.pixels), dataset.test.labels
    rows = []
    for order in (AT_RANDOM, LARGEST_FIRST):
        ranks = removal_ranks(model, order, config.seed)
        for scaled, share in product((False, True), PRUNED_SHARES):
            accuracy = 1 - _error(pruned_probs(model, images, share, ranks, scaled), labels)
            rows.append({"order": order, "scaled": scaled, "removed": share, "test_accuracy": accuracy})
    return rows


def measure_small(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Measure the test accuracy and the bytes of smaller copies of a network, without training again.

    There are rows for units and for weights, removed in two orders.
    """
    rows = []
    for part, order, kept in product(PARTS, ORDERS, KEPT_SHARES):
        small = keep(model, part, kept, order, config.seed)
        accuracy = evaluate(small, dataset.test).accuracy
        rows.append({"part": part, "order": order, "kept": kept, "bytes": file_bytes(small), "test_accuracy": accuracy})
    return rows


def measure_activations(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Measure the distribution of each hidden layer's activations on the test images, with dropout off.

    The first row of a layer is the share of activations that are exactly zero, the others are a histogram of the rest.
    Srivastava et al. 2014, section 7.2 and figure 8.
    """
    rows = []
    for number, activations in enumerate(hidden_activations(model, scale(dataset.test.pixels)), start=1):
        bins = (activations / BIN_WIDTH).floor().clamp(max=BINS - 1).long()
        counts = torch.bincount(bins[activations > 0], minlength=BINS)
        rows.append({"layer": number, "low": 0.0, "high": 0.0, "share": float((activations == 0).float().mean())})
        for index, count in enumerate(counts.tolist()):
            low, high = round(index * BIN_WIDTH, 3), round((index + 1) * BIN_WIDTH, 3)
            rows.append({"layer": number, "low": low, "high": high, "share": count / activations.numel()})
    return rows


def measure_corruptions(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Measure the test accuracy and the calibration error for each corruption and severity; 0 is the clean images.

    Mu & Gilmer, arXiv 1906.02337 (2019).
    """
    clean = scale(dataset.test.pixels)
    rows = []
    for corruption, severity in product(CORRUPTIONS, (0, *SEVERITIES)):
        images = corrupt(clean, corruption, severity, config.seed)
        found = evaluate(model, Split((images * 255).round().byte(), dataset.test.labels))
        rows.append(
            {
                "corruption": corruption,
                "severity": severity,
                "images": found.total,
                "test_accuracy": found.accuracy,
                "calibration_error": found.calibration_error,
            }
        )
    return rows


def measure_held_out(model: MLP, config: TrainConfig, dataset: Dataset) -> list[Row]:
    """Measure the accuracy on training images that the network was not trained on, to choose settings by.

    These are the first 10,000 that are left, in the order of the seed. A network trained on all images has no row.
    """
    in_order, _held_out = choose_images(replace(config, train_size=None), dataset)
    left = in_order[config.train_size or len(in_order) :][:HELD_OUT_IMAGES]
    if not len(left):
        return []
    found = evaluate(model, left)
    return [{"images": found.total, "accuracy": found.accuracy}]


def _error(probs: Tensor, labels: Tensor) -> float:
    return float((probs.argmax(dim=1) != labels).float().mean())


MEASUREMENTS: dict[str, Callable[[MLP, TrainConfig, Dataset], list[Row]]] = {
    "averaging": measure_averaging,
    "pruning": measure_pruning,
    "activations": measure_activations,
    "small": measure_small,
    "corruptions": measure_corruptions,
    "held_out": measure_held_out,
}
