"""Features: the patterns that the units of a network respond to, and how much the next layer uses each unit."""

from torch import Tensor, nn

from dropout_mnist.model import MLP


def first_layer_features(model: MLP) -> Tensor:
    """Return the weights of the first hidden layer, (units, 784) float32: one pattern of ink for each unit.

    The units with the largest weights to the next layer come first.
    """
    weights = linear_layers(model)[0].weight.detach()
    return weights[outgoing_norms(model)[0].argsort(descending=True)]


def outgoing_norms(model: MLP) -> list[Tensor]:
    """Return the Euclidean norm of each unit's weights to the next layer: (units,) float32 for each hidden layer."""
    return [layer.weight.detach().norm(dim=0) for layer in linear_layers(model)[1:]]


def linear_layers(model: MLP) -> list[nn.Linear]:
    """Return the linear layers of a network, from the input to the output."""
    return [layer for layer in model.layers if isinstance(layer, nn.Linear)]
