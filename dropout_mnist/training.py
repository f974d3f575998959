"""Training: a generator of one `EpochResult` per epoch. It knows no page, no thread and no file."""

import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from dropout_mnist.config import TrainConfig
from dropout_mnist.data import Dataset, Split, scale
from dropout_mnist.evaluation import evaluate
from dropout_mnist.model import MLP

TRAIN_EVALUATION_SIZE = 10_000


class DivergedError(Exception):
    """The training loss is no longer a finite number."""


@dataclass(frozen=True, kw_only=True)
class EpochResult:
    """What one epoch did. Losses are mean cross entropies in nats, accuracies fractions.

    Attributes:
        epoch: counted from 1.
        train_loss: mean over the epoch's batches while they were learnt from, *with dropout on*: what the
            optimiser sees, and the notebook's "Cost".
        eval_train_loss, eval_train_accuracy: after the epoch, *with dropout off*, on up to 10,000 of the
            training images.
        test_loss, test_accuracy: after the epoch, with dropout off, on the whole test set.
        seconds: time spent on training alone, without the evaluations.
    """

    epoch: int
    train_loss: float
    eval_train_loss: float
    eval_train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float


@dataclass(frozen=True)
class BatchProgress:
    """How far the training is: `done` of `total` images of this `epoch`, after `seconds` of it."""

    epoch: int
    done: int
    total: int
    seconds: float


def choose_device(name: str) -> torch.device:
    """Return the device for "auto", "cpu", "cuda" or "mps".

    Raises:
        ValueError: this machine has no such device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if not available.get(name, False):
        raise ValueError(f"device {name!r} is not available on this machine; use device 'auto' or 'cpu'")
    return torch.device(name)


def build_model(config: TrainConfig) -> MLP:
    """Build an untrained model; its initial weights and dropout masks come from the config's seed."""
    generator = torch.Generator(choose_device(config.device)).manual_seed(config.seed)
    return MLP(config.hidden_sizes, config.drop_prob, generator)


def inference_copy(model: MLP) -> MLP:
    """Return a copy on the CPU, in eval mode, that shares nothing with the model and takes no gradients."""
    return deepcopy(model).cpu().eval().requires_grad_(False)


def train(
    config: TrainConfig,
    dataset: Dataset,
    model: MLP | None = None,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_batch: Callable[[BatchProgress], None] = lambda progress: None,
) -> Iterator[EpochResult]:
    """Train a model, yielding the result of each epoch as it ends.

    The same config on the same machine gives the same bits, whatever else runs in the process: every random
    number comes from generators of this training's own.

    However the iteration ends, the model holds the weights of the last epoch that was yielded (the initial
    ones if none was): an epoch that is stopped or fails half-way leaves no trace.

    Args:
        config: the hyperparameters.
        dataset: trained and tested on.
        model: as `build_model(config)` makes it, to be trained in place; built here if None. It is for
            nobody else until the iteration ends; between two epochs `inference_copy` may be taken.
        should_stop: asked before each batch; the iteration ends when it returns true.
        on_batch: called after each batch.

    Raises:
        ValueError: the training set is smaller than one batch, or the device is not available.
        DivergedError: the loss is no longer finite; the last good epoch's weights are kept.
    """
    model = build_model(config) if model is None else model
    train_split, test_split = _choose_images(config, dataset)
    batches = len(train_split) // config.batch_size
    if not batches:
        raise ValueError(
            f"batch_size {config.batch_size:,} is larger than the training set of {len(train_split):,} images, "
            "and incomplete batches are dropped: nothing would be left to train on"
        )
    train_split, test_split = train_split.to(model.device), test_split.to(model.device)
    shuffler = torch.Generator().manual_seed(config.seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)

    good_weights = deepcopy(model.state_dict())
    try:
        for epoch in range(1, config.epochs + 1):
            start = time.perf_counter()
            train_loss = torch.zeros((), device=model.device)
            order = torch.randperm(len(train_split), generator=shuffler).to(model.device)
            model.train()
            for batch in range(batches):
                if should_stop():
                    return
                chosen = train_split[order[batch * config.batch_size : (batch + 1) * config.batch_size]]
                loss = _step(model, optimizer, scale(chosen.pixels), chosen.labels)
                train_loss += loss.detach()
                done = (batch + 1) * config.batch_size
                on_batch(BatchProgress(epoch, done, batches * config.batch_size, time.perf_counter() - start))
            mean_loss = train_loss.item() / batches
            seconds = time.perf_counter() - start
            model.eval()
            result = _measure(epoch, mean_loss, seconds, model, train_split, test_split)
            good_weights = deepcopy(model.state_dict())
            yield result
    finally:
        model.load_state_dict(good_weights)
        model.eval()


def _step(model: MLP, optimizer: torch.optim.Optimizer, images: Tensor, labels: Tensor) -> Tensor:
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def _choose_images(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split]:
    available = len(dataset.train)
    if config.train_size is None or config.train_size == available:
        return dataset.train, dataset.test
    if config.train_size > available:
        raise ValueError(
            f"train_size {config.train_size:,} is more than the {available:,} training images of {dataset.title}"
        )
    generator = torch.Generator().manual_seed(config.seed)
    chosen = torch.randperm(available, generator=generator)[: config.train_size]
    return dataset.train[chosen], dataset.test


def _measure(
    epoch: int, train_loss: float, seconds: float, model: MLP, train_split: Split, test_split: Split
) -> EpochResult:
    on_train = evaluate(model, train_split[:TRAIN_EVALUATION_SIZE])
    on_test = evaluate(model, test_split)
    if not all(map(math.isfinite, (train_loss, on_train.loss, on_test.loss))):
        raise DivergedError(
            f"The loss is no longer a finite number in epoch {epoch}: the training has diverged. "
            "Try a smaller learning rate."
        )
    return EpochResult(
        epoch=epoch,
        train_loss=train_loss,
        eval_train_loss=on_train.loss,
        eval_train_accuracy=on_train.accuracy,
        test_loss=on_test.loss,
        test_accuracy=on_test.accuracy,
        seconds=seconds,
    )
