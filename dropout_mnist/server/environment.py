"""Check the environment variables of a server before it serves anything."""

import os
from pathlib import Path

from dropout_mnist.messages.message import Message
from dropout_mnist.server.limits import QueueLimits

_FOLDERS = ("DROPOUT_MNIST_DATA", "DROPOUT_MNIST_WEIGHTS", "DROPOUT_MNIST_MEASUREMENTS")


def check_environment() -> None:
    """Check what the variables say, without looking at what they name.

    Raises:
        ValueError: a limit is not a positive whole number, or a folder is below the home folder of nobody.
    """
    QueueLimits.from_environment()
    for variable in _FOLDERS:
        try:
            Path(path := os.environ.get(variable, "")).expanduser()
        except RuntimeError:
            raise ValueError(
                Message("the home folder in {variable}={path} is unknown", variable=variable, path=path)
            ) from None
