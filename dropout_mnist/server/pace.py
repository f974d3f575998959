"""Estimate how long a run takes on this machine: measured on a few steps at first, then on the runs themselves."""

import threading
import time
from dataclasses import dataclass, replace
from functools import cache

import torch

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import FULL_SIZES, TEST_SIZES, Dataset, Split
from dropout_mnist.shapes import CLASSES, INPUT_SIZE
from dropout_mnist.training import HELD_OUT_SHARE, TRAIN_EVALUATION_SIZE, BatchProgress, Training

# Four epochs of the default network on this many images take about 0.3 s.
MEASURED_IMAGES = 1_000


def steps_per_epoch(config: TrainConfig) -> int:
    """Return the number of training steps in an epoch, known before the data set is loaded."""
    size = config.train_size or FULL_SIZES[config.dataset]
    held_out = round(size * HELD_OUT_SHARE) if config.recipe == "augmented" else 0
    return (size - held_out) * config.repeats // config.batch_size


def evaluated_per_epoch(config: TrainConfig) -> int:
    """Return the number of images that a run is evaluated on after each epoch: training and test images."""
    size = config.train_size or FULL_SIZES[config.dataset]
    return min(size, TRAIN_EVALUATION_SIZE) + TEST_SIZES[config.dataset]


@dataclass(frozen=True)
class Pace:
    """How fast a machine trains and evaluates one kind of network.

    Attributes:
        train_seconds: per image of a training step.
        evaluate_seconds: per image evaluated after an epoch; saving the state of the run is included.
    """

    train_seconds: float
    evaluate_seconds: float

    def seconds(self, config: TrainConfig) -> float:
        """Return an estimate of the time that a run takes, evaluations included."""
        train = steps_per_epoch(config) * config.batch_size * self.train_seconds
        return config.epochs * (train + evaluated_per_epoch(config) * self.evaluate_seconds)


@cache
def measure_pace(kind: TrainConfig) -> Pace:
    """Time this network's epochs on `MEASURED_IMAGES` random images, after one that warms up; only once.

    Args:
        kind: at least two epochs of all images.

    Raises:
        ValueError: the config's device is not available.
        MemoryError, RuntimeError: there is not enough memory.
    """
    random = torch.Generator().manual_seed(kind.seed)
    pixels = torch.randint(0, 256, (MEASURED_IMAGES, INPUT_SIZE), dtype=torch.uint8, generator=random)
    images = Split(pixels, torch.arange(MEASURED_IMAGES) % CLASSES)
    small = replace(kind, batch_size=min(kind.batch_size, MEASURED_IMAGES // 2))
    batches: list[BatchProgress] = []
    epochs = Training(small, Dataset(kind.dataset, images, images)).run(on_batch=batches.append)
    next(epochs)
    train_seconds, evaluate_seconds = [], []
    start = time.perf_counter()
    for result in epochs:
        end = time.perf_counter()
        train_seconds.append(result.seconds)
        evaluate_seconds.append(end - start - result.seconds)
        start = end
    # The shortest times: other work on the machine only ever adds to them.
    return Pace(min(train_seconds) / batches[-1].total, min(evaluate_seconds) / (2 * MEASURED_IMAGES))


# That are remembered, the latest ones.
MAX_KINDS = 500


class PaceBook:
    """The paces of this machine, by kind of network. Any thread may use it."""

    def __init__(self) -> None:
        self._paces: dict[TrainConfig, Pace] = {}
        self._measuring, self._keeping = threading.Lock(), threading.Lock()
        self._closed = False

    def known(self, config: TrainConfig) -> Pace | None:
        """Return the pace of a config's kind of network, None before it was measured."""
        return self._paces.get(_kind(config))

    def measured(self, config: TrainConfig) -> Pace:
        """Return the pace of a config's kind of network, and measure it the first time, which takes about 0.3 s.

        Raises:
            ValueError, MemoryError, RuntimeError: as `measure_pace` does, or the book is closed.
        """
        with self._measuring:
            if self._closed:
                raise RuntimeError("no pace is measured any more")
            return self.known(config) or self._keep(_kind(config), measure_pace(_kind(config)))

    def close(self) -> None:
        """Wait until a measurement has ended, and begin no other: the interpreter must not end while one trains."""
        with self._measuring:
            self._closed = True

    def add_epoch(self, config: TrainConfig, train_seconds: float, all_seconds: float) -> Pace:
        """Learn from an epoch of a run, and return the new pace.

        Args:
            config: of the run.
            train_seconds: spent on training in the epoch.
            all_seconds: that the whole epoch took.
        """
        pace = Pace(
            train_seconds / (steps_per_epoch(config) * config.batch_size),
            max(0.0, all_seconds - train_seconds) / evaluated_per_epoch(config),
        )
        self._keep(_kind(config), pace)
        return pace

    def _keep(self, kind: TrainConfig, pace: Pace) -> Pace:
        with self._keeping:
            self._paces[kind] = pace
            # Visitors choose the kinds, and there are more than fit in memory.
            while len(self._paces) > MAX_KINDS:
                del self._paces[next(iter(self._paces))]
        return pace


def _kind(config: TrainConfig) -> TrainConfig:
    """Return a short run, with what the time of a step and of an evaluation depends on."""
    return TrainConfig(
        recipe=config.recipe,
        dataset=config.dataset,
        hidden_sizes=config.hidden_sizes,
        batch_size=config.batch_size,
        device=config.device,
        precision=config.precision,
        epochs=4,
    )
