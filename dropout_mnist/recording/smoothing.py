"""Smooth the losses of batches, which vary too much to be read one by one."""

import math

import numpy as np
from numpy.typing import NDArray


def average_windows(losses: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Average losses over windows of equal size, of which the first may be smaller.

    Args:
        losses: (steps,), at least one.
        count: the largest number of windows.

    Returns:
        the number of steps up to the end of each window, and its mean, both (windows,).
    """
    size = math.ceil(len(losses) / count)
    ends = np.arange(len(losses), 0, -size)[::-1]
    sums = np.concatenate([[0.0], losses.cumsum(dtype=np.float64)])
    starts = np.maximum(ends - size, 0)
    return ends, ((sums[ends] - sums[starts]) / (ends - starts)).astype(np.float32)
