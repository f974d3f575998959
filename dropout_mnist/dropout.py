"""Dropout with masks from its own generator, so that they can be inspected, fixed and replayed.

Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15 (2014), section 4, in
the inverted form: activations are scaled during training, so that nothing is scaled afterwards.
"""

import math

import torch
from torch import Tensor, nn

# Up to this drop_prob a mask takes 16 random bits per unit, many times cheaper than a random float, and drop_prob is
# rounded to 1/65,536. Above it that would change the expected value noticeably, and each unit takes 64 bits.
_ROUNDED_UP_TO = 0.99


class Dropout(nn.Module):
    """Drop each unit with probability `drop_prob` in train(), and do nothing in eval().

    In train() every element is set to zero with probability `drop_prob`, independently, and the rest are scaled by
    1 / (1 - drop_prob), which keeps each unit's expected value. In eval() the input is returned unchanged. The
    distribution is that of `torch.nn.Dropout`. All random numbers come from `generator`, whatever else draws some in
    the process. Seeding the generator again replays the same masks: the same *thinned network*.

    Args:
        drop_prob: probability to drop a unit, in [0, 1).
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
        """Draw a mask with the shape, device and dtype of `activations`: 1 for kept units, 0 for dropped ones."""
        units = activations.numel()
        dtype, size = (torch.int16, 16) if self.drop_prob <= _ROUNDED_UP_TO else (torch.int64, 64)
        words = torch.empty(math.ceil(units * size / 64), dtype=torch.int64, device=activations.device)
        words.random_(-(2**63), None, generator=self.generator)
        bits = words.view(dtype)[:units].view(activations.shape)
        threshold = round(self.drop_prob * 2**size) - 2 ** (size - 1)
        # Written as floats at once: a comparison first and a conversion after it take four times as long.
        return torch.ge(bits, threshold, out=torch.empty_like(activations))

    def forward(self, activations: Tensor) -> Tensor:
        """Return `activations` with units dropped and the rest scaled in train(), unchanged in eval()."""
        if not self.training or self.drop_prob == 0:
            return activations
        return activations * self.draw_mask(activations).mul_(1 / (1 - self.drop_prob))

    def extra_repr(self) -> str:
        """Show `drop_prob` where the module is printed."""
        return f"drop_prob={self.drop_prob}"


class GaussianDropout(Dropout):
    """Multiply each unit by a random factor in train(), and do nothing in eval().

    The factors are normal with mean 1 and variance drop_prob / (1 - drop_prob): those of `Dropout`, which are 0 or
    1 / (1 - drop_prob), have the same mean and variance. Srivastava et al. 2014, section 10.
    """

    def forward(self, activations: Tensor) -> Tensor:
        """Return `activations` times random factors in train(), unchanged in eval()."""
        if not self.training or self.drop_prob == 0:
            return activations
        deviation = math.sqrt(self.drop_prob / (1 - self.drop_prob))
        return activations * torch.empty_like(activations).normal_(1, deviation, generator=self.generator)


KINDS: dict[str, type[Dropout]] = {"bernoulli": Dropout, "gaussian": GaussianDropout}
