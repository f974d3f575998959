"""Ways of writing that are common in the world but rare in MNIST, drawn into MNIST's own images.

Its writers were Americans of around 1990. Elsewhere a 1 has an upstroke or a foot, a 0 a slash, a 7 a bar; a 4 is
closed at the top or has a short stem, the bar of a 5 stands apart, an 8 is left open, the tail of a 9 is hooked.
All of it is done to a whole batch at once, and anew each time an image is drawn upon.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from dropout_mnist.augmentation.ink import Glyphs


def restyle(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Write a share of the digits in another style, where there is one.

    Args:
        images: (N, 28, 28) float32 in [0, 1].
        labels: (N,) int64.
        generator: chooses digits, styles, sizes and angles; on the device of the images.

    Returns:
        (N, 28, 28) float32 in [0, 1], cropped and centred as MNIST's digits are.
    """
    choice = torch.rand(len(images), generator=generator, device=images.device)
    restyled = images.clone()
    for digit, (share, style) in _STYLES.items():
        chosen = ((labels == digit) & (choice < share)).nonzero().flatten()
        if len(chosen):
            glyphs = Glyphs(images[chosen], generator)
            style(glyphs)
            restyled[chosen] = glyphs.fit()
    return restyled


def _slash(glyphs: Glyphs) -> None:
    half_length, tilt = glyphs.uniform(0.4, 1.05) * glyphs.height, glyphs.uniform(0, 0.9)
    dx, dy = half_length * tilt.sin(), half_length * tilt.cos()
    x, y = (glyphs.left + glyphs.right) / 2, (glyphs.top + glyphs.bottom) / 2
    glyphs.draw(x - dx, y + dy, x + dx, y - dy)


def _upstroke_or_foot(glyphs: Glyphs) -> None:
    choice = glyphs.uniform(0, 3)
    x, y = glyphs.column(glyphs.top), glyphs.top + glyphs.pen / 4
    length = glyphs.uniform(0.2, 0.9)
    # A long one must be steep, or it makes a 7 of a 1.
    tilt = glyphs.uniform(0.2, 1) * (1.5 - 0.9 * length)
    length = length * glyphs.height
    glyphs.draw(x, y, x - length * tilt.sin(), y + length * tilt.cos(), where=choice < 2)
    x, y = glyphs.column(glyphs.bottom), glyphs.bottom - glyphs.pen / 4
    length = glyphs.uniform(0.15, 0.4) * glyphs.height
    slope = glyphs.uniform(-0.5, 0.5)
    glyphs.draw(x - length * glyphs.uniform(0.7, 1.2), y + slope, x + length, y - slope, where=choice > 1)


def _short_stem_or_closed_top(glyphs: Glyphs) -> None:
    middle = glyphs.left + glyphs.width * glyphs.uniform(0.45, 0.6)
    right_side = glyphs.x > middle[:, None, None]
    short = glyphs.uniform(0, 1) < 0.6
    end = glyphs.top + glyphs.height * glyphs.uniform(0.2, 0.5)
    (x0, y0), (x1, y1) = glyphs.top_within(~right_side), glyphs.top_within(right_side)
    # Arms far apart are left open: closed they would make a 9.
    near = torch.hypot(x1 - x0, y1 - y0) < 0.5 * glyphs.height
    glyphs.draw(x0, y0 + glyphs.pen / 3, x1, y1 + glyphs.pen / 3, where=near & ~short)
    glyphs.erase(right_side & (glyphs.y < end[:, None, None]) & short[:, None, None])


def _detach_bar(glyphs: Glyphs) -> None:
    begin = glyphs.top + glyphs.height * glyphs.uniform(0.12, 0.22)
    end = begin + glyphs.height * glyphs.uniform(0.15, 0.3)
    side = glyphs.left + glyphs.width * glyphs.uniform(0.5, 1.1)
    rows = (glyphs.y >= begin[:, None, None]) & (glyphs.y < end[:, None, None])
    glyphs.erase(rows & (glyphs.x < side[:, None, None]))


def _cross(glyphs: Glyphs) -> None:
    y = glyphs.top + glyphs.height * glyphs.uniform(0.4, 0.6)
    x, length, slope = glyphs.column(y), glyphs.uniform(3, 6.4), glyphs.uniform(-0.2, 0.2)
    left, right = length * glyphs.uniform(0.7, 1.1), length * glyphs.uniform(0.7, 1.1)
    glyphs.draw(x - left, y + left * slope, x + right, y - right * slope)


def _leave_open(glyphs: Glyphs) -> None:
    x = glyphs.left + glyphs.width * glyphs.uniform(0, 1)
    y = glyphs.top + glyphs.height * glyphs.uniform(0, 0.35)
    distance = torch.hypot(glyphs.x - x[:, None, None], glyphs.y - y[:, None, None])
    glyphs.erase(distance < glyphs.uniform(2, 3.5)[:, None, None])


def _hook(glyphs: Glyphs) -> None:
    x, y = glyphs.column(glyphs.bottom), glyphs.bottom - glyphs.pen / 4
    length = glyphs.uniform(0.2, 0.55) * glyphs.height
    knee_x, knee_y = x - length / 2, y + length * glyphs.uniform(0.1, 0.35)
    glyphs.draw(x, y, knee_x, knee_y)
    glyphs.draw(knee_x, knee_y, x - length, y + length * glyphs.uniform(-0.35, 0.2))


# For each digit the share that is restyled, and how.
_STYLES: dict[int, tuple[float, Callable[[Glyphs], None]]] = {
    0: (0.4, _slash),
    1: (0.5, _upstroke_or_foot),
    4: (0.3, _short_stem_or_closed_top),
    5: (0.25, _detach_bar),
    7: (0.25, _cross),
    8: (0.2, _leave_open),
    9: (0.2, _hook),
}
