"""Training: a generator of one `EpochResult` per epoch. It knows no page, no thread and no file."""

import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from dropout_mnist.config import TrainConfig
from dropout_mnist.data import Dataset, Split
from dropout_mnist.evaluation import evaluate
from dropout_mnist.model import MLP
from dropout_mnist.recipes import PREPARE

TRAIN_EVALUATION_SIZE = 10_000

# So many images are prepared at once: few calls, and little memory.
BLOCK_SIZE = 1_000

# The robust recipe's learning rate falls after these.
STEADY_EPOCHS = 30

# The robust recipe calibrates its probabilities on this share of the training images.
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
    should_stop: Callable[[], bool] = lambda: False,
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
        should_stop: asked before each batch; the iteration ends when it returns true.
        on_batch: called after each batch.

    Raises:
        ValueError: the training set is smaller than one batch, or the device is not available.
        DivergedError: the loss is no longer finite; the last good epoch's weights are kept.
    """
    model = (build_model(config) if model is None else model).eval()
    learner = deepcopy(model)
    optimizer = torch.optim.Adam(learner.parameters(), lr=config.learning_rate, fused=True)
    robust = config.recipe == "robust"
    average = AveragedModel(learner, avg_fn=_weigh_latest) if robust else None
    schedule = LambdaLR(optimizer, _fall if robust else lambda epoch: 1.0)

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
    shuffler = torch.Generator().manual_seed(config.seed)
    generator = torch.Generator(model.device).manual_seed(config.seed)
    low_precision = uses_bfloat16(config.precision, model.device)

    for epoch in range(1, config.epochs + 1):
        start, done = time.perf_counter(), 0
        train_loss = torch.zeros((), device=model.device)
        learner.train()
        for places in torch.randperm(shown, generator=shuffler)[:total].split(block):
            indices = places.to(model.device) % len(train_split)
            images, targets = prepare(train_split[indices], generator)
            for batch in zip(images.split(config.batch_size), targets.split(config.batch_size), strict=True):
                if should_stop():
                    return
                train_loss += _step(learner, optimizer, *batch, low_precision)
                if average is not None:
                    average.update_parameters(learner)
                done += config.batch_size
                on_batch(BatchProgress(epoch, done, total, time.perf_counter() - start))
        schedule.step()
        mean_loss = train_loss.item() / batches
        seconds = time.perf_counter() - start
        learnt = learner if average is None else cast(MLP, average.module)
        result = _measure(epoch, mean_loss, seconds, learnt.eval(), train_split, test_split)
        model.load_state_dict(learnt.state_dict())
        yield result


def _step(model: MLP, optimizer: torch.optim.Optimizer, images: Tensor, targets: Tensor, low_precision: bool) -> Tensor:
    with torch.autocast(images.device.type, torch.bfloat16, enabled=low_precision):
        logits = model(images)
    loss = F.cross_entropy(logits.float(), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def _fall(epoch: int) -> float:
    """Return the factor of the learning rate after so many epochs: 1 at first, then falling with their square root.

    So it is in the proof that Adam converges: Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
    theorem 4.1. Like the average it does not have to know when the end is.
    """
    return min(1.0, math.sqrt(STEADY_EPOCHS / (epoch + 1)))


def _weigh_latest(average: Tensor, latest: Tensor, averaged: Tensor | int) -> Tensor:
    """Average the weights of all steps so that step t counts as t**8, which is to say about the last ninth of them.

    Polynomial-decay averaging: Shamir & Zhang, "Stochastic Gradient Descent for Non-smooth Optimization", ICML 2013.
    """
    return average.lerp(latest, 9 / (averaged + 9))


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
    held_out = round(size * HELD_OUT_SHARE) if config.recipe == "robust" else 0
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
