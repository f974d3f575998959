"""Find the digits in the ink of a picture: leave out lines of the paper, frames and specks, and put parts together.

A *part* is a connected region of ink. Most digits are one part; a 5 with a detached bar is two.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label, regionprops

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int_]

# A pixel with at least this much ink belongs to a part.
INKED = 0.5
# Parts smaller than this share of the largest part are specks.
SPECK_SHARE = 0.02
# A line of the paper reaches from edge to edge and is thinner than this share of the picture's longer side.
LINE_SHARE = 0.02
# Of a table or a frame, at least this share is straight ahead of an edge of the picture.
FLUSH_SHARE = 0.8
# Parts that touch an edge, such as fingers, are left out next to a part with at least this share of their area, unless
# their strokes are about as thick.
EDGE_SHARE = 0.1
SIMILAR_STROKES = 2.0
# Parts belong to one digit if their ink is at most this far apart, as a share of the height of the tallest part, ...
CLOSE_SHARE = 0.04
# ... or if one is above the other: they share this much of the narrower one's width, and are at most this far apart.
OVERLAP_SHARE, GAP_SHARE = 0.3, 0.2
# What is then at least this share as tall as the tallest is a digit. The rest belongs to the nearest digit if it is
# near, and is left out otherwise.
TALL_SHARE, NEAR_SHARE = 0.5, 0.4


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, from `left` and `top` up to but without `right` and `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.bottom - self.top

    def union(self, other: "Box") -> "Box":
        """Return the smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def gaps(self, other: "Box") -> tuple[int, int]:
        """Return how far apart both are across and down; negative where they overlap."""
        across = max(self.left, other.left) - min(self.right, other.right)
        down = max(self.top, other.top) - min(self.bottom, other.bottom)
        return across, down


@dataclass(frozen=True)
class Part:
    """A connected region of ink.

    Attributes:
        number: its label in the labeled picture.
        box: around it.
        area: its number of pixels.
        thickness: of its strokes, in pixels.
        flush_share: the share of it that is connected to an edge of the picture by a straight run of ink.
        edges: how many edges of the picture it touches.
        spans: whether it touches two opposite edges.
        holes: the number of holes in it.
    """

    number: int
    box: Box
    area: int
    thickness: float
    flush_share: float
    edges: int
    spans: bool
    holes: int

    @property
    def longer_side(self) -> int:
        """The longer side of the box."""
        return max(self.box.width, self.box.height)


def find_parts(mask: Mask) -> tuple[Labels, list[Part]]:
    """Return the labeled picture, 0 for no part, and its parts without specks."""
    labels = label(mask)
    # Ink may continue beyond the edges.
    depth = ndimage.distance_transform_edt(np.pad(mask, 1, mode="edge"))[1:-1, 1:-1]
    flush = _find_flush(mask)
    regions = regionprops(labels)
    largest = max((region.area for region in regions), default=0)
    return labels, [
        _make_part(region, depth, flush, mask.shape) for region in regions if region.area >= SPECK_SHARE * largest
    ]


def is_surrounding(part: Part, shape: tuple[int, ...]) -> bool:
    """Whether a part is no writing but a line of the paper, or a frame or table around it."""
    if not part.edges:
        return False
    if part.flush_share >= FLUSH_SHARE:
        return True
    # All strokes of a digit that is cropped exactly touch edges too. It is thicker, or alone and without squares.
    is_thin = part.spans and part.thickness < LINE_SHARE * max(shape)
    return is_thin and not (part.edges == 4 and part.holes <= 2)


def find_digits(mask: Mask) -> list[tuple[Box, Mask]]:
    """Return each digit, line by line and from left to right: its box, and its pixels, of the shape of `mask`."""
    labels, parts = find_parts(mask)
    parts = [part for part in parts if not is_surrounding(part, mask.shape)]
    groups = _group(_without_strangers(parts), labels)
    return [(_box_of(group), np.isin(labels, [part.number for part in group])) for group in _in_reading_order(groups)]


def _make_part(region: Any, depth: Floats, flush: Mask, shape: tuple[int, ...]) -> Part:
    top, left, bottom, right = region.bbox
    inside = region.image
    touched = (top == 0, left == 0, bottom == shape[0], right == shape[1])
    return Part(
        number=region.label,
        box=Box(left, top, right, bottom),
        area=int(region.area),
        # In a stroke the mean distance to its sides is a quarter of its width.
        thickness=4 * float(depth[region.slice][inside].mean()),
        flush_share=float(flush[region.slice][inside].mean()),
        edges=sum(touched),
        spans=(touched[0] and touched[2]) or (touched[1] and touched[3]),
        holes=1 - int(region.euler_number),
    )


def _find_flush(mask: Mask) -> Mask:
    """Return the pixels from which a straight run of ink leads to an edge of the picture."""
    flush = np.zeros_like(mask)
    for axis in (0, 1):
        flush |= np.logical_and.accumulate(mask, axis=axis)
        flush |= np.flip(np.logical_and.accumulate(np.flip(mask, axis), axis=axis), axis)
    return flush


def _without_strangers(parts: list[Part]) -> list[Part]:
    """Leave out what touches an edge and is not written with the same pen, unless there is nothing else."""
    inside = [part for part in parts if not part.edges]
    if not inside or max(part.area for part in inside) < EDGE_SHARE * max(part.area for part in parts):
        return parts
    main = max(inside, key=lambda part: part.area)
    return [
        part
        for part in parts
        if not part.edges
        or (
            1 / SIMILAR_STROKES < part.thickness / main.thickness < SIMILAR_STROKES
            and part.box.height >= TALL_SHARE * main.box.height
            and not part.spans
        )
    ]


def _group(parts: list[Part], labels: Labels) -> list[list[Part]]:
    """Put parts together that belong to the same digit."""
    tallest = max((part.box.height for part in parts), default=0)
    groups: list[list[Part]] = []
    for part in parts:
        joined = [group for group in groups if any(_belong_together(part, other, labels, tallest) for other in group)]
        groups = [group for group in groups if group not in joined] + [[part, *chain.from_iterable(joined)]]
    tallest = max((_box_of(group).height for group in groups), default=0)
    digits = [group for group in groups if _box_of(group).height >= TALL_SHARE * tallest]
    for group in groups:
        if group not in digits:
            box = _box_of(group)
            nearest = min(digits, key=lambda digit: max(_box_of(digit).gaps(box)))
            if max(_box_of(nearest).gaps(box)) <= NEAR_SHARE * tallest:
                nearest += group
    return digits


def _belong_together(one: Part, other: Part, labels: Labels, tallest: int) -> bool:
    across, down = one.box.gaps(other.box)
    narrower = min(one.box.width, other.box.width)
    if down <= GAP_SHARE * tallest and -across >= OVERLAP_SHARE * narrower:
        return True
    near = CLOSE_SHARE * tallest
    return max(across, down) <= near and _distance(labels, one, other) <= near


def _distance(labels: Labels, one: Part, other: Part) -> float:
    """Return the distance between the ink of two parts, in pixels."""
    box = one.box.union(other.box)
    cut = labels[box.top : box.bottom, box.left : box.right]
    return float(ndimage.distance_transform_edt(cut != one.number)[cut == other.number].min())


def _in_reading_order(groups: list[list[Part]]) -> list[list[Part]]:
    """Sort digits line by line; a digit is on the line of another if their middles are at about the same height."""
    lines: list[list[list[Part]]] = []
    for group in sorted(groups, key=lambda group: _middle(_box_of(group))):
        box = _box_of(group)
        if lines and _middle(box) - _middle(_box_of(lines[-1][-1])) < box.height / 2:
            lines[-1].append(group)
        else:
            lines.append([group])
    return [group for line in lines for group in sorted(line, key=lambda group: _box_of(group).left)]


def _middle(box: Box) -> float:
    return (box.top + box.bottom) / 2


def _box_of(parts: list[Part]) -> Box:
    box = parts[0].box
    for part in parts[1:]:
        box = box.union(part.box)
    return box
