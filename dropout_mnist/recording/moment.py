"""A network as it was after one step of a run, in a quarter of the memory."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from dropout_mnist.model import MLP

_LARGEST = 127


@dataclass(frozen=True)
class Moment:
    """A network as it was after one step of a run.

    Each unit's weights are rounded to 255 levels between the largest and its negative, int8 with one scale per unit.
    This changes a probability by about a hundredth at most.

    Attributes:
        step: counted from 1 over all epochs; 0 is before the first.
    """

    step: int
    _levels: dict[str, Tensor]
    _scales: dict[str, Tensor]

    @classmethod
    def of(cls, model: MLP, step: int) -> Self:
        """Return the network as it is now, on the CPU, whatever mode or device the model is in; it is not changed."""
        levels, scales = {}, {}
        for name, values in model.state_dict().items():
            # Rounding needs a positive scale.
            scale = values.abs().amax(dim=-1, keepdim=True).clamp_min(torch.finfo(values.dtype).tiny) / _LARGEST
            scales[name] = scale.cpu()
            levels[name] = (values / scale).round_().to(torch.int8).cpu()
        return cls(step, levels, scales)

    @property
    def is_finite(self) -> bool:
        """Whether all weights are finite numbers: they are not in a run that has diverged."""
        return all(bool(scales.isfinite().all()) for scales in self._scales.values())

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return sum(values.nbytes for values in (*self._levels.values(), *self._scales.values()))

    def model(self) -> MLP:
        """Return the network, in eval mode."""
        sizes = [len(levels) for levels in self._levels.values() if levels.ndim == 1]
        model = MLP(sizes[:-1], drop_prob=0).requires_grad_(False).eval()
        self.restore(model)
        return model

    def restore(self, model: MLP) -> None:
        """Give its weights to a network that another moment of the run returned: much faster than a new network."""
        for name, values in model.state_dict().items():
            values.copy_(self._levels[name]).mul_(self._scales[name])
