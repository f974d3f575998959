"""Dropout with masks from a generator of its own, so that they can be repeated, looked at and replayed.

Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15 (2014),
section 4, in its inverted form: the scaling is done in training, so that nothing is left to do afterwards.
"""

import math

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Drop each unit with probability `drop_prob` in train(), and do nothing at all in eval().

    In train() every element is set to zero with probability `drop_prob`, independently, and the rest is
    scaled by 1 / (1 - drop_prob), which keeps each unit's expected value. In eval() the input is returned as
    it is. The distribution is that of `torch.nn.Dropout`; the random numbers come from `generator` alone,
    whatever else draws some in the process. Seeding the generator again replays the same masks: the same
    *thinned network*.

    Args:
        drop_prob: probability that a unit is dropped, in [0, 1).
        generator: source of the masks, on the device of the inputs; None for torch's global one.

    Raises:
        ValueError: `drop_prob` is outside [0, 1).
    """

    def __init__(self, drop_prob: float, generator: torch.Generator | None = None) -> None:
        super().__init__()
        if not 0 <= drop_prob < 1:
            raise ValueError(f"drop_prob must be at least 0 and below 1, not {drop_prob!r}")
        self.drop_prob = drop_prob
        self.generator = generator

    def draw_mask(self, activations: Tensor) -> Tensor:
        """Draw a mask of the shape, device and dtype of `activations`: 1 for kept units, 0 for dropped ones.

        Each unit takes 16 random bits, many times cheaper than a float, so `drop_prob` is rounded to 1/65,536.
        """
        units = activations.numel()
        words = torch.empty(math.ceil(units / 4), dtype=torch.int64, device=activations.device)
        words.random_(-(2**63), None, generator=self.generator)
        bits = words.view(torch.int16)[:units].view(activations.shape)
        # Written as floats at once: a comparison first and a conversion after it take four times as long.
        return torch.ge(bits, round(self.drop_prob * 2**16) - 2**15, out=torch.empty_like(activations))

    def forward(self, activations: Tensor) -> Tensor:
        """Return `activations` with units dropped and the rest scaled in train(), unchanged in eval()."""
        if not self.training or self.drop_prob == 0:
            return activations
        return activations * self.draw_mask(activations).mul_(1 / (1 - self.drop_prob))

    def extra_repr(self) -> str:
        """Show `drop_prob` where the module is printed."""
        return f"drop_prob={self.drop_prob}"
