"""Thinned networks: the subnetworks that dropout samples by removing units, and how far their answers differ.

The model is not changed: it may be shared, so it stays in eval mode and its layers are only called.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from dropout_mnist.dropout import Dropout
from dropout_mnist.model import MLP

# Maps the number of a hidden layer, from 0, and its activations, (N, units), to the activations to pass on.
ActivationHook = Callable[[int, Tensor], Tensor]


@torch.inference_mode()
def forward(model: MLP, images: Tensor, hook: ActivationHook) -> Tensor:
    """Return the logits, (N, 10) float32, with `hook` instead of dropout after each hidden layer.

    Args:
        model: the full network.
        images: (N, 784) float32 in [0, 1].
        hook: called once for each hidden layer; it returns the activations that go to the next layer.
    """
    hidden, number = images, 0
    for layer in model.layers:
        if isinstance(layer, Dropout):
            hidden = hook(number, hidden)
            number += 1
        else:
            hidden = layer(hidden)
    return hidden


def hidden_activations(model: MLP, images: Tensor) -> list[Tensor]:
    """Return the activations of each hidden layer of the full network, (N, units) float32, for (N, 784) float32."""
    recorded: list[Tensor] = []

    def record(number: int, activations: Tensor) -> Tensor:
        recorded.append(activations)
        return activations

    forward(model, images, record)
    return recorded


def thinned_probs(model: MLP, images: Tensor, drop_prob: float, seed: int) -> Tensor:
    """Return the probabilities of thinned networks, (N, 10) float32: a different one for each image, (N, 784) float32.

    To let N thinned networks answer for one image, repeat the image N times.
    """
    dropout = _seeded_dropout(drop_prob, seed)
    return forward(model, images, lambda number, activations: dropout(activations)).softmax(dim=1)


def predictive_entropy(passes: Tensor) -> Tensor:
    """Return the entropy of the mean of k networks' probabilities, in nats: (k, ..., 10) -> (...)."""
    return torch.special.entr(passes.mean(dim=0)).sum(dim=-1)


def mutual_information(passes: Tensor) -> Tensor:
    """Return the disagreement of k networks, in nats: (k, ..., 10) -> (...).

    It is the entropy of their mean minus the mean of their entropies: the part of the uncertainty that is the
    model's own (epistemic). Gal, "Uncertainty in Deep Learning" (2016), section 3.3.
    """
    return predictive_entropy(passes) - torch.special.entr(passes).sum(dim=-1).mean(dim=0)


def _seeded_dropout(drop_prob: float, seed: int) -> Dropout:
    return Dropout(drop_prob, torch.Generator().manual_seed(seed)).train()
