"""Tell ink from paper in a picture: dark on light or light on dark, in uneven light, on a table or in a frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.filters import gaussian, threshold_otsu

from dropout_mnist.preprocessing.segmentation import INKED, find_parts, is_surrounding

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# The standard deviation of the blur that removes the grain of the paper, as a share of the longer side.
SMOOTHING = 1 / 500
# The paper's brightness is estimated at this size, in windows wider than any stroke.
COARSE_SIZE, WINDOW = 128, 45
# The minimum difference between ink and paper: in gray levels of 256, and in standard deviations of the paper.
MIN_DEPTH, MIN_DEPTH_IN_GRAINS = 20, 4
# The edges of strokes are faint. Below this share of typical ink, a pixel is paper.
FAINTEST = 0.25
# How often what surrounds the writing is taken away, and the rest looked at again.
PASSES = 3
# Strokes are thinner than this for their length; a disc or a square is thicker.
THICKEST = 0.6
# What stands out less than this share of the other shade is not ink but a halo around it.
HALO_SHARE = 0.5
# How far around ink its paper is looked at, as a share of the longer side. It needs this area, as a share of the ink's,
# and shades that differ by at most this share of the difference between dark and light.
AROUND_WIDTH, AROUND_SHARE, UNIFORM_SHARE = 0.03, 0.05, 0.5


@dataclass(frozen=True)
class _Ink:
    """What may be ink.

    Attributes:
        amount: how much ink is at each pixel, (H, W) in [0, 1].
        contrast: its difference from the paper, in gray levels.
        surroundings: what is not writing but surrounds it, (H, W).
    """

    amount: Floats
    contrast: float
    surroundings: Mask


def find_ink(gray: Floats) -> Floats:
    """Return the amount of ink at each pixel, (H, W) in [0, 1]; 0 for paper and for what surrounds it.

    Args:
        gray: (H, W), 0 for black to 255 for white.
    """
    smooth = gaussian(gray, sigma=SMOOTHING * max(gray.shape), preserve_range=True)
    dark, light = _find_dark(smooth), _find_dark(255 - smooth)
    if max(dark.contrast, light.contrast) == 0:
        return dark.amount
    ink = _choose(dark, light, smooth)
    return np.zeros_like(gray) if _relative_thickness(ink) > THICKEST else ink


def _choose(dark: _Ink, light: _Ink, smooth: Floats) -> Floats:
    """Return the amount of what is ink; the other one is paper between and inside strokes."""
    weaker, stronger = sorted((dark, light), key=lambda ink: ink.contrast)
    if weaker.contrast <= HALO_SHARE * stronger.contrast:
        return stronger.amount
    paper = smooth[_find_around(dark, light)]
    dark_shade, light_shade = (float(smooth[ink.amount >= INKED].mean()) for ink in (dark, light))
    if paper.size < AROUND_SHARE * np.count_nonzero(dark.amount + light.amount) or np.ptp(
        np.percentile(paper, (10, 90))
    ) > UNIFORM_SHARE * (light_shade - dark_shade):
        # The picture is cropped to the digit, so that all paper is between strokes, or the paper lies on a table.
        return min((dark, light), key=lambda ink: _relative_thickness(ink.amount)).amount
    # What has the same shade as the paper around is paper too.
    return (dark if float(np.median(paper)) > (dark_shade + light_shade) / 2 else light).amount


def _find_around(dark: _Ink, light: _Ink) -> Mask:
    """Return the pixels around what may be ink, without its blurred edges and without what surrounds the writing."""
    inked = (dark.amount > 0) | (light.amount > 0)
    width = max(inked.shape) * AROUND_WIDTH
    distance = ndimage.distance_transform_edt(~inked)
    return (distance > width / 4) & (distance <= width) & ~dark.surroundings & ~light.surroundings


def _find_dark(gray: Floats) -> _Ink:
    """Return what is darker than the paper around it."""
    depth = _estimate_paper(gray) - gray
    surroundings = np.zeros(gray.shape, np.bool_)
    for _ in range(PASSES):
        amount, contrast = _threshold(depth)
        labels, parts = find_parts(amount >= INKED)
        found = [part.number for part in parts if is_surrounding(part, gray.shape)]
        if not found:
            break
        # With their blurred edges.
        surroundings |= ndimage.binary_dilation(np.isin(labels, found), iterations=3)
        depth[surroundings] = 0
    return _Ink(amount, contrast, surroundings)


def _estimate_paper(gray: Floats) -> Floats:
    """Return the brightness of the paper at each pixel: closing fills up dark parts narrower than the window."""
    height, width = (max(1, round(side * COARSE_SIZE / max(gray.shape))) for side in gray.shape)
    coarse = np.asarray(Image.fromarray(gray.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
    paper = Image.fromarray(ndimage.grey_closing(coarse, size=WINDOW, mode="nearest"))
    return np.asarray(paper.resize(gray.shape[::-1], Image.Resampling.BILINEAR), np.float64)


def _threshold(depth: Floats) -> tuple[Floats, float]:
    """Return the amount of ink where the picture is darker than the paper by `depth`, and the typical difference."""
    depth = np.clip(depth, 0, None)
    nothing = np.zeros_like(depth), 0.0
    if depth.max() < MIN_DEPTH:
        return nothing
    inked = depth > threshold_otsu(depth)
    typical, grain = float(depth[inked].mean()), float(depth[~inked].std())
    if typical < max(MIN_DEPTH, MIN_DEPTH_IN_GRAINS * grain):
        return nothing
    # 1 for typical ink.
    return np.where(depth > FAINTEST * typical, np.minimum(depth / typical, 1), 0), typical


def _relative_thickness(amount: Floats) -> float:
    """Return how thick parts are for their length: small for strokes, larger for the paper between and inside them."""
    _, parts = find_parts(amount >= INKED)
    area = sum(part.area for part in parts)
    return sum(part.area * part.thickness / part.longer_side for part in parts) / area if area else np.inf
