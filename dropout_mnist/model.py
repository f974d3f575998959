"""The network: 784-512-512-512-512-10 with ReLU and dropout, as in the reference notebook."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from dropout_mnist.dropout import KINDS
from dropout_mnist.shapes import CLASSES, INPUT_SIZE


class MLP(nn.Module):
    """A multilayer perceptron: `logits = model(images)`.

    Each hidden layer is a linear map, ReLU, then dropout. Weights start Xavier-uniform (Glorot & Bengio
    2010), biases as `torch.nn.Linear` has them: uniform in +-1 / sqrt(inputs).

    Args:
        hidden_sizes: number of units in each hidden layer.
        drop_prob: probability that a hidden unit is dropped in train(), in [0, 1).
        generator: source of the initial weights and of the dropout masks; None for torch's global one. It
            must be on the device where the model is trained.
        dropout_kind: "bernoulli" for `Dropout`, "gaussian" for `GaussianDropout`.

    Raises:
        KeyError: there is no such kind of dropout.
        ValueError: `drop_prob` is outside [0, 1).
    """

    def __init__(
        self,
        hidden_sizes: Sequence[int] = (512, 512, 512, 512),
        drop_prob: float = 0.3,
        generator: torch.Generator | None = None,
        dropout_kind: str = "bernoulli",
    ) -> None:
        super().__init__()
        device = generator.device if generator is not None else None
        dropout = KINDS[dropout_kind]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((INPUT_SIZE, *hidden_sizes)):
            layers += [_linear(inputs, outputs, generator, device), nn.ReLU(), dropout(drop_prob, generator)]
        layers.append(_linear((INPUT_SIZE, *hidden_sizes)[-1], CLASSES, generator, device))
        self.layers = nn.Sequential(*layers)

    @property
    def device(self) -> torch.device:
        """Where the weights are, and so where the images must be."""
        return next(self.parameters()).device

    def forward(self, images: Tensor) -> Tensor:
        """Map images, (N, 784) float32 in [0, 1], to logits, (N, 10) float32."""
        logits: Tensor = self.layers(images)
        return logits


def _linear(inputs: int, outputs: int, generator: torch.Generator | None, device: torch.device | None) -> nn.Linear:
    # skip_init: nn.Linear's own initialisation draws from torch's global generator.
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, outputs, device=device or torch.get_default_device())
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    bound = inputs**-0.5
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer
