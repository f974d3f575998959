"""Prune trained networks: remove a share of each hidden layer's units, without training again.

The model is not changed: it may be shared, so it stays in eval mode and its layers are only called.
"""

import torch
from torch import Tensor

from dropout_mnist.experiments.features import outgoing_norms
from dropout_mnist.experiments.subnetworks import forward
from dropout_mnist.model import MLP

# The order in which units are removed.
LARGEST_FIRST, SMALLEST_FIRST, AT_RANDOM = "largest first", "smallest first", "at random"


def removal_ranks(model: MLP, order: str, seed: int) -> list[Tensor]:
    """Return each unit's rank in the order of removal, 0 for the first one: (units,) int64 for each hidden layer.

    Args:
        model: the full network.
        order: `LARGEST_FIRST`, the units with the largest weights to the next layer first; `SMALLEST_FIRST`; or
            `AT_RANDOM`.
        seed: of the random order.
    """
    generator = torch.Generator().manual_seed(seed)
    orders = (
        torch.randperm(len(norms), generator=generator)
        if order == AT_RANDOM
        else norms.argsort(descending=order == LARGEST_FIRST)
        for norms in outgoing_norms(model)
    )
    # The argsort of a permutation is its inverse: from units by rank to ranks by unit.
    return [units.argsort() for units in orders]


def pruned_probs(model: MLP, images: Tensor, share: float, ranks: list[Tensor], scaled: bool) -> Tensor:
    """Return the probabilities of the network without a share of each hidden layer's units, (N, 10) float32.

    Args:
        model: the full network.
        images: (N, 784) float32 in [0, 1].
        share: the share of units to remove, in [0, 1).
        ranks: of the units, from `removal_ranks`.
        scaled: whether to scale the remaining units by 1 / (1 - share), as dropout does in training.
    """
    factor = 1 / (1 - share) if scaled else 1.0
    masks = [(rank >= round(share * len(rank))) * factor for rank in ranks]
    return forward(model, images, lambda number, activations: activations * masks[number]).softmax(dim=1)
