"""How much one server takes on."""

import os
from dataclasses import dataclass, fields
from typing import Self

from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.messages.message import Message
from dropout_mnist.setting import Integer

MOST_DIGITS = 15


class RefusedError(Exception):
    """A run is more than this server takes on; the message says why, and what to do."""


def _highest(name: str) -> int:
    setting = SETTINGS[name]
    assert isinstance(setting, Integer)
    return setting.high


@dataclass(frozen=True, kw_only=True)
class QueueLimits:
    """How much one server takes on. An environment variable, `DROPOUT_MNIST_MAX_WAITING` and so on, sets each.

    Attributes:
        max_waiting: waiting runs of all visitors together.
        max_runs_per_person: runs of one visitor, waiting or active.
        max_epochs: of one run.
        max_train_size: training images of one run.
        max_weights: weights and biases of one network.
        max_minutes: of one run; then it is stopped, and its finished epochs are kept.
        max_models: stored checkpoints; a run that would add one more is refused.
        max_recorded_megabytes: memory for the networks of recorded runs, of all visitors together.
        confirm_minutes: runs that take longer are queued after a confirmation only.
    """

    max_waiting: int = 20
    max_runs_per_person: int = 5
    max_epochs: int = _highest("epochs")
    max_train_size: int = _highest("train_size")
    max_weights: int = 20_000_000
    max_minutes: int = 60
    max_models: int = 1_000
    max_recorded_megabytes: int = 256
    confirm_minutes: int = 2

    @classmethod
    def from_environment(cls) -> Self:
        """Return the limits that the environment sets, and the defaults of the others.

        Raises:
            ValueError: a variable is not a positive whole number.
        """
        values = {}
        for limit in fields(cls):
            variable = f"DROPOUT_MNIST_{limit.name.upper()}"
            if text := os.environ.get(variable):
                # Python refuses to read thousands of digits.
                if not text.isdecimal() or len(text) > MOST_DIGITS or not int(text):
                    raise ValueError(
                        Message(
                            "{variable} must be a positive whole number, not {value}",
                            variable=variable,
                            value=f"{text!r:.80}",
                        )
                    )
                values[limit.name] = int(text)
        return cls(**values)

    def check(self, config: TrainConfig) -> None:
        """Refuse a run that is too large.

        Raises:
            RefusedError: it is.
        """
        # Lazy: imports torch, and the limits are checked before a server starts.
        from dropout_mnist.data.datasets import FULL_SIZES

        if config.epochs > self.max_epochs:
            raise RefusedError(
                Message("This server trains at most {limit:,} epochs: choose fewer.", limit=self.max_epochs)
            )
        if (config.train_size or FULL_SIZES[config.dataset]) > self.max_train_size:
            raise RefusedError(
                Message("This server trains on at most {limit:,} images: choose fewer.", limit=self.max_train_size)
            )
        if config.weight_count > self.max_weights:
            raise RefusedError(
                Message(
                    "This server trains networks of at most {limit:,} weights, and this one has {count:,}: choose "
                    "fewer or smaller layers.",
                    limit=self.max_weights,
                    count=config.weight_count,
                )
            )
