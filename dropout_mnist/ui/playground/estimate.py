"""Estimate how long runs take on this server."""

from collections.abc import Sequence

from dropout_mnist.config import TrainConfig
from dropout_mnist.server.limits import RefusedError
from dropout_mnist.ui.resources import training_queue


def estimate_seconds(configs: Sequence[TrainConfig]) -> float | None:
    """Return an estimate of the time that runs take; None if one of them is too large for this server or machine."""
    queue, seconds = training_queue(), 0.0
    try:
        for config in configs:
            queue.limits.check(config)
            seconds += queue.paces.measured(config).seconds(config)
    except (RefusedError, ValueError, RuntimeError, MemoryError):
        return None
    return seconds
