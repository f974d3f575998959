"""Thinned networks: what is left of a network when dropout, or a surgeon, has taken units away.

Nothing here changes the model, which others may be using: it stays in eval mode, and its layers are only called.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dropout_mnist.dropout import Dropout
from dropout_mnist.model import MLP

# What becomes of the activations of hidden layer 0, 1, ..., (N, units).
Treatment = Callable[[int, Tensor], Tensor]

LARGEST, RANDOM = "largest first", "at random"


@dataclass(frozen=True)
class ThinnedNetwork:
    """One thinned network at work on one image.

    Attributes:
        kept: for each hidden layer which of its units are kept, (units,) bool.
        activations: for each hidden layer what its units give to the next one, (units,) float32, dropped ones zero.
        probs: (10,) float32.
    """

    kept: tuple[Tensor, ...]
    activations: tuple[Tensor, ...]
    probs: Tensor


@torch.inference_mode()
def forward(model: MLP, images: Tensor, treat: Treatment) -> Tensor:
    """Return the logits, (N, 10), for images, (N, 784) float32, with the hidden activations treated on their way."""
    hidden, number = images, 0
    for layer in model.layers:
        if isinstance(layer, Dropout):
            hidden = treat(number, hidden)
            number += 1
        else:
            hidden = layer(hidden)
    return hidden


def activations(model: MLP, images: Tensor) -> list[Tensor]:
    """Return what each hidden layer of the full network gives to the next, (N, units) float32."""
    seen: list[Tensor] = []

    def note(number: int, hidden: Tensor) -> Tensor:
        seen.append(hidden)
        return hidden

    forward(model, images, note)
    return seen


def thin_once(model: MLP, image: Tensor, drop_prob: float, seed: int) -> ThinnedNetwork:
    """Let one thinned network, chosen by the seed, answer for one image, (784,) float32."""
    dropout = _dropout(drop_prob, seed)
    kept: list[Tensor] = []
    given: list[Tensor] = []

    def drop(number: int, hidden: Tensor) -> Tensor:
        mask = dropout.draw_mask(hidden)
        kept.append(mask[0].bool())
        given.append((hidden * mask / (1 - drop_prob))[0])
        return given[-1][None]

    probs = forward(model, image[None], drop).softmax(dim=1)[0]
    return ThinnedNetwork(tuple(kept), tuple(given), probs)


def thinned_probs(model: MLP, images: Tensor, drop_prob: float, seed: int) -> Tensor:
    """Return the probabilities, (N, 10), that thinned networks give, another one for each of the images, (N, 784)."""
    dropout = _dropout(drop_prob, seed)
    return forward(model, images, lambda number, hidden: dropout(hidden)).softmax(dim=1)


def removal_order(model: MLP, order: str, seed: int) -> list[Tensor]:
    """Return in which order each hidden layer's units are removed: for each unit its place, (units,) int64.

    Args:
        order: `RANDOM`, by the seed; or `LARGEST`, those with the largest weights to the next layer first.
    """
    generator = torch.Generator().manual_seed(seed)
    places = []
    for layer in _linear_layers(model)[1:]:
        if order == RANDOM:
            ranking = torch.randperm(layer.in_features, generator=generator)
        else:
            ranking = layer.weight.norm(dim=0).argsort(descending=True)
        places.append(ranking.argsort())
    return places


def cut_probs(model: MLP, images: Tensor, share: float, places: list[Tensor], scaled: bool) -> Tensor:
    """Return the probabilities, (N, 10), of the network without a share of each hidden layer's units.

    Args:
        model: the full network.
        images: (N, 784) float32.
        share: how much is removed, in [0, 1).
        places: in which order units are removed, as `removal_order` gives it.
        scaled: whether the units left are scaled by 1 / (1 - share), as dropout does it in training.
    """
    factor = 1 / (1 - share) if scaled else 1.0
    weights = [(place >= round(share * len(place))) * factor for place in places]
    return forward(model, images, lambda number, hidden: hidden * weights[number]).softmax(dim=1)


def predictive_entropy(passes: Tensor) -> Tensor:
    """Return the entropy in nats of the mean of k passes' probabilities: (k, ..., 10) -> (...)."""
    return torch.special.entr(passes.mean(dim=0)).sum(dim=-1)


def mutual_information(passes: Tensor) -> Tensor:
    """Return how far k thinned networks differ, in nats: the entropy of their mean less the mean of their entropies.

    That part of the doubt is the network's own (epistemic): Gal, "Uncertainty in Deep Learning" (2016), section 3.3.
    (k, ..., 10) -> (...).
    """
    return predictive_entropy(passes) - torch.special.entr(passes).sum(dim=-1).mean(dim=0)


def first_layer_features(model: MLP) -> Tensor:
    """Return what each unit of the first hidden layer looks for, (units, 784) float32.

    Those with the largest weights to the next layer come first.
    """
    first, second, *_ = _linear_layers(model)
    return first.weight.detach()[second.weight.norm(dim=0).argsort(descending=True)]


def _linear_layers(model: MLP) -> list[nn.Linear]:
    return [layer for layer in model.layers if isinstance(layer, nn.Linear)]


def _dropout(drop_prob: float, seed: int) -> Dropout:
    return Dropout(drop_prob, torch.Generator().manual_seed(seed)).train()
