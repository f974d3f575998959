"""Make trained networks smaller without training again: keep a share of their units, or of their weights."""

import torch
from torch import Tensor, nn

from dropout_mnist.experiments.features import linear_layers
from dropout_mnist.experiments.pruning import AT_RANDOM, SMALLEST_FIRST, removal_ranks
from dropout_mnist.model import MLP
from dropout_mnist.train_step import inference_copy

UNITS, WEIGHTS = PARTS = ("units", "weights")
ORDERS = (SMALLEST_FIRST, AT_RANDOM)
KEPT_SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

_FLOAT_BYTES = 4


def keep(model: MLP, part: str, share: float, order: str, seed: int) -> MLP:
    """Return a smaller copy of a network. What is left of a random choice is scaled up by 1 / share, as in training.

    Args:
        model: the full network; it is not changed.
        part: `UNITS`, a share of each hidden layer's; or `WEIGHTS`, a share of each layer's, biases aside.
        share: of those that are kept, in (0, 1].
        order: of the removal: `SMALLEST_FIRST`, by the size of the weight or of the unit's weights to the next layer;
            or `AT_RANDOM`.
        seed: of the random order.

    Raises:
        ValueError: there is no such part.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, not {part!r}")
    small = (_keep_units if part == UNITS else _keep_weights)(model, share, order, seed)
    if order == AT_RANDOM:
        # Units are inputs of the layers after the first one, weights are in all of them.
        for layer in linear_layers(small)[1 if part == UNITS else 0 :]:
            layer.weight.data /= share
    return small


def file_bytes(model: MLP) -> int:
    """Return the bytes that a network's numbers take as float32.

    Weights that are zero take no number, but where some are, each weight takes a bit that says whether it is.
    """
    total = 0
    for layer in linear_layers(model):
        weights, left = layer.weight.numel(), int(layer.weight.count_nonzero())
        total += _FLOAT_BYTES * (left + layer.bias.numel()) + (weights // 8 if left < weights else 0)
    return total


def _keep_units(model: MLP, share: float, order: str, seed: int) -> MLP:
    inputs: list[Tensor | slice] = [slice(None)]
    for ranks in removal_ranks(model, order, seed):
        # The last ones in the order of removal; at least one.
        inputs.append((ranks >= len(ranks) - max(1, round(share * len(ranks)))).nonzero().flatten())
    layers: list[nn.Linear] = linear_layers(model)
    small = inference_copy(MLP([len(kept) for kept in inputs[1:] if isinstance(kept, Tensor)], drop_prob=0.0))
    for layer, full, kept, outputs in zip(
        linear_layers(small), layers, inputs, [*inputs[1:], slice(None)], strict=True
    ):
        layer.weight.data = full.weight.detach()[outputs][:, kept].clone()
        layer.bias.data = full.bias.detach()[outputs].clone()
    return small


def _keep_weights(model: MLP, share: float, order: str, seed: int) -> MLP:
    small = inference_copy(model)
    generator = torch.Generator().manual_seed(seed)
    for layer in linear_layers(small):
        weights = layer.weight.data
        sizes = torch.rand(weights.shape, generator=generator) if order == AT_RANDOM else weights.abs()
        removed = weights.numel() - max(1, round(share * weights.numel()))
        if removed:
            weights[sizes <= sizes.flatten().kthvalue(removed).values] = 0
    return small
