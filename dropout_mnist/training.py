"""Training: a generator of one `EpochResult` per epoch. It knows no page, no thread and no file."""

import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor

from dropout_mnist.augmentation.recipes import PREPARE
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, Split
from dropout_mnist.evaluation import evaluate
from dropout_mnist.model import MLP
from dropout_mnist.train_step import Learner

TRAIN_EVALUATION_SIZE = 10_000

# So many images are prepared at once: few calls, and little memory.
BLOCK_SIZE = 1_000

# The augmented recipe calibrates its probabilities on this share of the training images.
HELD_OUT_SHARE = 0.05


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
class TrainingState:
    """All that the next epoch of a training depends on.

    Attributes:
        history: the finished epochs.
        tensors: the learner's; they change in the next epoch.
    """

    history: tuple[EpochResult, ...]
    tensors: dict[str, Tensor]


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


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether matrix products are done in bfloat16: "bf16" asks for it, "auto" where the hardware has it."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


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
    state: TrainingState | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    on_state: Callable[[TrainingState], None] = lambda state: None,
    on_batch: Callable[[BatchProgress], None] = lambda progress: None,
) -> Iterator[EpochResult]:
    """Train a model, yielding the result of each epoch as it ends.

    The same config on the same machine gives the same bits, whatever else runs in the process: every random
    number comes from generators of this training's own.

    The model is in eval mode and has at any time the weights of the last epoch that was yielded, the initial ones
    before the first: an epoch that is stopped or fails half-way leaves no trace.

    Args:
        config: the hyperparameters.
        dataset: trained and tested on.
        model: as `build_model(config)` makes it, to be trained in place; built here if None.
        state: where an earlier training of this config was: it is gone on from there, to the same end.
        should_stop: asked before each batch; the iteration ends when it returns true.
        on_state: called before an epoch is yielded.
        on_batch: called after each batch.

    Raises:
        ValueError: the training set is smaller than one batch, or the device is not available.
        DivergedError: the loss is no longer finite; the last good epoch's weights are kept.
        KeyError, RuntimeError: the state is that of another config.
    """
    model = (build_model(config) if model is None else model).eval()
    learner = Learner(config, model, uses_bfloat16(config.precision, model.device))
    history: tuple[EpochResult, ...] = ()
    if state is not None:
        history = state.history
        learner.load_state_dict(state.tensors)
        model.load_state_dict(learner.learnt().state_dict())

    train_split, _ = choose_images(config, dataset)
    shown = len(train_split) * config.repeats
    batches = shown // config.batch_size
    if not batches:
        raise ValueError(
            f"batch_size {config.batch_size:,} is larger than an epoch of {shown:,} images, "
            "and incomplete batches are dropped: nothing would be left to train on"
        )
    train_split, test_split = train_split.to(model.device), dataset.test.to(model.device)
    total = batches * config.batch_size
    block = max(1, BLOCK_SIZE // config.batch_size) * config.batch_size
    prepare = PREPARE[config.recipe]

    for epoch in range(len(history) + 1, config.epochs + 1):
        start, done = time.perf_counter(), 0
        train_loss = torch.zeros((), device=model.device)
        learner.begin_epoch(epoch)
        for places in torch.randperm(shown, generator=learner.shuffler)[:total].split(block):
            indices = places.to(model.device) % len(train_split)
            images, targets = prepare(train_split[indices], learner.generator)
            for batch in zip(images.split(config.batch_size), targets.split(config.batch_size), strict=True):
                if should_stop():
                    return
                train_loss += learner.step(*batch)
                done += config.batch_size
                on_batch(BatchProgress(epoch, done, total, time.perf_counter() - start))
        mean_loss = train_loss.item() / batches
        seconds = time.perf_counter() - start
        result = _measure(epoch, mean_loss, seconds, learner.learnt(), train_split, test_split)
        model.load_state_dict(learner.learnt().state_dict())
        history = (*history, result)
        on_state(TrainingState(history, learner.state_dict()))
        yield result


def choose_images(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split]:
    """Return the images to train on, and those of the training set that are held out to calibrate on, perhaps none.

    Raises:
        ValueError: the data set has fewer images than the config asks for.
    """
    available = len(dataset.train)
    size = available if config.train_size is None else config.train_size
    if size > available:
        raise ValueError(f"train_size {size:,} is more than the {available:,} training images of {dataset.title}")
    generator = torch.Generator().manual_seed(config.seed)
    chosen = dataset.train[torch.randperm(available, generator=generator)[:size]]
    held_out = round(size * HELD_OUT_SHARE) if config.recipe == "augmented" else 0
    return chosen[held_out:], chosen[:held_out]


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
