"""Draw writing styles that are common worldwide but rare in MNIST into MNIST's images.

MNIST's digits were written by Americans around 1990. Elsewhere, a 1 has an upstroke or a foot, a 0 has a slash, and a
7 has a bar. A 4 is closed at the top or has a short stem, a 5 has a detached bar, an 8 is not closed, and a 9 has a
hooked tail. A whole batch is restyled at once, with new random choices in every call.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from dropout_mnist.augmentation.ink import Ink


def restyle(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Change a random share of the digits to another writing style; digits 2, 3 and 6 have none.

    Args:
        images: (N, 28, 28) float32 in [0, 1].
        labels: (N,) int64.
        generator: the source of all randomness, on the same device as the images.

    Returns:
        (N, 28, 28) float32 in [0, 1], cropped and centered like MNIST's digits.
    """
    choice = torch.rand(len(images), generator=generator, device=images.device)
    restyled = images.clone()
    for digit, (share, style) in _STYLES.items():
        chosen = ((labels == digit) & (choice < share)).nonzero().flatten()
        if len(chosen):
            ink = Ink(images[chosen], generator)
            style(ink)
            restyled[chosen] = ink.fit()
    return restyled


def _slash(ink: Ink) -> None:
    half_length, tilt = ink.uniform(0.4, 1.05) * ink.height, ink.uniform(0, 0.9)
    dx, dy = half_length * tilt.sin(), half_length * tilt.cos()
    x, y = (ink.left + ink.right) / 2, (ink.top + ink.bottom) / 2
    ink.draw(x - dx, y + dy, x + dx, y - dy)


def _upstroke_or_foot(ink: Ink) -> None:
    choice = ink.uniform(0, 3)
    x, y = ink.column(ink.top), ink.top + ink.pen / 4
    length = ink.uniform(0.2, 0.9)
    # A long upstroke must be steep, or the 1 becomes a 7.
    tilt = ink.uniform(0.2, 1) * (1.5 - 0.9 * length)
    length = length * ink.height
    ink.draw(x, y, x - length * tilt.sin(), y + length * tilt.cos(), where=choice < 2)
    x, y = ink.column(ink.bottom), ink.bottom - ink.pen / 4
    length = ink.uniform(0.15, 0.4) * ink.height
    slope = ink.uniform(-0.5, 0.5)
    ink.draw(x - length * ink.uniform(0.7, 1.2), y + slope, x + length, y - slope, where=choice > 1)


def _short_stem_or_closed_top(ink: Ink) -> None:
    middle = ink.left + ink.width * ink.uniform(0.45, 0.6)
    right_side = ink.x > middle[:, None, None]
    short = ink.uniform(0, 1) < 0.6
    end = ink.top + ink.height * ink.uniform(0.2, 0.5)
    (x0, y0), (x1, y1) = ink.top_within(~right_side), ink.top_within(right_side)
    # Arms far apart stay open: closed, the 4 would become a 9.
    near = torch.hypot(x1 - x0, y1 - y0) < 0.5 * ink.height
    ink.draw(x0, y0 + ink.pen / 3, x1, y1 + ink.pen / 3, where=near & ~short)
    ink.erase(right_side & (ink.y < end[:, None, None]) & short[:, None, None])


def _detach_bar(ink: Ink) -> None:
    begin = ink.top + ink.height * ink.uniform(0.12, 0.22)
    end = begin + ink.height * ink.uniform(0.15, 0.3)
    side = ink.left + ink.width * ink.uniform(0.5, 1.1)
    rows = (ink.y >= begin[:, None, None]) & (ink.y < end[:, None, None])
    ink.erase(rows & (ink.x < side[:, None, None]))


def _cross(ink: Ink) -> None:
    y = ink.top + ink.height * ink.uniform(0.4, 0.6)
    x, length, slope = ink.column(y), ink.uniform(3, 6.4), ink.uniform(-0.2, 0.2)
    left, right = length * ink.uniform(0.7, 1.1), length * ink.uniform(0.7, 1.1)
    ink.draw(x - left, y + left * slope, x + right, y - right * slope)


def _leave_open(ink: Ink) -> None:
    x = ink.left + ink.width * ink.uniform(0, 1)
    y = ink.top + ink.height * ink.uniform(0, 0.35)
    distance = torch.hypot(ink.x - x[:, None, None], ink.y - y[:, None, None])
    ink.erase(distance < ink.uniform(2, 3.5)[:, None, None])


def _hook(ink: Ink) -> None:
    x, y = ink.column(ink.bottom), ink.bottom - ink.pen / 4
    length = ink.uniform(0.2, 0.55) * ink.height
    knee_x, knee_y = x - length / 2, y + length * ink.uniform(0.1, 0.35)
    ink.draw(x, y, knee_x, knee_y)
    ink.draw(knee_x, knee_y, x - length, y + length * ink.uniform(-0.35, 0.2))


# For each digit, the share that is restyled, and the style.
_STYLES: dict[int, tuple[float, Callable[[Ink], None]]] = {
    0: (0.4, _slash),
    1: (0.5, _upstroke_or_foot),
    4: (0.3, _short_stem_or_closed_top),
    5: (0.25, _detach_bar),
    7: (0.25, _cross),
    8: (0.2, _leave_open),
    9: (0.2, _hook),
}
