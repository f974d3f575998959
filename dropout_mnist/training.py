"""Train one network: `for result in Training(config, dataset)`. It knows no page, no thread and no file."""

import math
import platform
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from importlib.metadata import version

import torch
from torch import Tensor

from dropout_mnist.augmentation.recipes import PREPARE, augment
from dropout_mnist.calibration import apply_temperature, fit_temperature
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, Split
from dropout_mnist.data.label_noise import randomize_labels
from dropout_mnist.evaluation import CHUNK_SIZE, EpochResult, compute_logits, evaluate
from dropout_mnist.hardware.threads import ThreadChooser, find_candidates
from dropout_mnist.messages.message import Message
from dropout_mnist.model import MLP
from dropout_mnist.train_step import StateError, TrainStep, inference_copy

TRAIN_EVALUATION_SIZE = 10_000

# This many images are prepared at once: few calls, and little memory.
BLOCK_SIZE = 1_000

# A run of fewer steps does not choose its number of threads.
_SHORT_RUN = 100

# The augmented recipe calibrates its probabilities on this share of the training images.
HELD_OUT_SHARE = 0.05


class DivergedError(Exception):
    """The training loss is no longer a finite number."""


@dataclass(frozen=True)
class TrainingState:
    """Everything that the next epoch of a run depends on.

    Attributes:
        config: of the run.
        dataset_checksum: SHA-256 of the data set that it trains on.
        history: the finished epochs.
        tensors: weights, optimizer, average and random generators after the last of them.
    """

    config: TrainConfig
    dataset_checksum: str
    history: tuple[EpochResult, ...]
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class BatchProgress:
    """The progress within an epoch: `done` of `total` images of this `epoch`, after `seconds` of it.

    Attributes:
        losses: of the epoch's batches so far, with dropout on; on the device of the run, so reading them waits for it.
    """

    epoch: int
    done: int
    total: int
    seconds: float
    losses: Tensor = field(compare=False, repr=False)


@dataclass(frozen=True)
class _Finished:
    """What a run has after its last finished epoch. It is replaced as a whole, so that its parts cannot disagree."""

    history: tuple[EpochResult, ...]
    model: MLP
    tensors: dict[str, Tensor]


class Training:
    """Train one network, epoch by epoch.

    A run owns its network, optimizer and history and moves them together: after each epoch, and only then, `model`,
    `history` and `state` are those of that epoch. An epoch that is stopped or fails leaves no trace.

    The same config gives the same bits on the same machine, whatever else runs in the process: all random numbers come
    from the run's own generators.

    Example:
        >>> run = Training(TrainConfig(dataset="digits", epochs=3), load_dataset("digits"))
        >>> for result in run:
        ...     print(result.epoch, result.train_loss, result.test_accuracy)
        >>> run.checkpoint().save("mine.safetensors")

    Args:
        config: the hyperparameters.
        dataset: the data set that the config names.
        state: resume from here; the run ends with the same bits as if it had not been interrupted.

    Attributes:
        config: the hyperparameters.
        dataset: trained and tested on.
        steps_per_epoch: batches of an epoch; incomplete ones are dropped.

    Raises:
        ValueError: the data set is not the config's, it is smaller than one batch or than `train_size`, or the device
            is not available.
        StateError: the state is that of another config or data set, or incomplete.
    """

    def __init__(self, config: TrainConfig, dataset: Dataset, state: TrainingState | None = None) -> None:
        if dataset.name != config.dataset:
            raise ValueError(
                f"the config is for the data set {config.dataset!r}, not {dataset.name!r}: "
                f"use load_dataset({config.dataset!r}) or TrainConfig(dataset={dataset.name!r})"
            )
        self.config = config
        self.dataset = dataset
        clean, self._held_out = choose_images(config, dataset)
        self._train_split = randomize_labels(clean, config.label_noise, config.seed)
        self._mislabeled = self._train_split.labels != clean.labels
        self._shown = len(self._train_split) * config.repeats
        self.steps_per_epoch = self._shown // config.batch_size
        if not self.steps_per_epoch:
            raise ValueError(
                Message(
                    "batch_size {batch_size:,} is larger than an epoch of {images:,} images, and incomplete batches "
                    "are dropped: nothing would be left to train on",
                    batch_size=config.batch_size,
                    images=self._shown,
                )
            )
        self._step = TrainStep(config)
        device = self._step.model.device
        self._train_split, self._test_split = self._train_split.to(device), dataset.test.to(device)
        if state is not None:
            self._check_state(state)
            self._step.load_state_dict(state.tensors)
        self._finished = self._finish(state.history if state is not None else ())
        self._in_epoch = False

    def __iter__(self) -> Iterator[EpochResult]:
        """Train the remaining epochs, yielding the result of each as it ends."""
        return self.run()

    def run(
        self,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        on_batch: Callable[[BatchProgress], None] = lambda progress: None,
    ) -> Iterator[EpochResult]:
        """Train the remaining epochs, yielding the result of each as it ends.

        Args:
            should_stop: asked before each batch; the iteration ends when it returns true.
            on_batch: called after each batch.

        Raises:
            DivergedError: the loss is no longer finite; the last good epoch is kept.
        """
        with ThreadChooser(self._find_threads()) as self._threads:
            while len(self.history) < self.config.epochs:
                result = self._train_epoch(len(self.history) + 1, should_stop, on_batch)
                if result is None:
                    return
                self._finished = self._finish((*self.history, result))
                self._in_epoch = False
                yield result

    @property
    def history(self) -> tuple[EpochResult, ...]:
        """One result per finished epoch."""
        return self._finished.history

    @property
    def model(self) -> MLP:
        """The network after the last finished epoch, in eval mode on the device of the run."""
        return self._finished.model

    @property
    def model_in_training(self) -> MLP:
        """The network that is evaluated after each epoch, as it is after the latest batch.

        Every batch changes it, and its mode is that of the training. So only read its weights, and only in `on_batch`.
        """
        return self._step.evaluated_model

    @property
    def state(self) -> TrainingState:
        """Everything that the next epoch depends on; it does not change when training continues."""
        return TrainingState(self.config, self.dataset.checksum, self.history, self._finished.tensors)

    def checkpoint(self) -> Checkpoint:
        """Return the network after the last finished epoch with all that is known about it.

        It is calibrated if images were held out for that. Its accuracy is measured here, on the CPU. A run stopped
        after 3 of 15 epochs did exactly what a run of 3 epochs does, so its config says 3.

        Raises:
            ValueError: no epoch has finished yet.
        """
        if not self.history:
            raise ValueError("no epoch has finished yet, so there is nothing to keep")
        model = inference_copy(self.model)
        temperature = self._calibrate(model)
        evaluation = evaluate(model, self.dataset.test)
        return Checkpoint(
            model=model,
            config=replace(self.config, epochs=len(self.history)),
            history=self.history,
            dataset_checksum=self.dataset.checksum,
            temperature=temperature,
            correct=evaluation.correct,
            total=evaluation.total,
            versions={
                "python": platform.python_version(),
                "torch": version("torch"),
                "device": self.model.device.type,
                "precision": "bf16" if self._step.low_precision else "fp32",
            },
        )

    def _train_epoch(
        self, epoch: int, should_stop: Callable[[], bool], on_batch: Callable[[BatchProgress], None]
    ) -> EpochResult | None:
        if self._in_epoch:  # an earlier attempt was stopped or failed
            self._step.load_state_dict(self._finished.tensors)
        self._in_epoch = True
        size = self.config.batch_size
        total = self.steps_per_epoch * size
        block = max(1, BLOCK_SIZE // size) * size
        prepare, device = PREPARE[self.config.recipe], self.model.device
        start, done = time.perf_counter(), 0
        losses = torch.empty(self.steps_per_epoch, device=device)
        self._step.begin_epoch(epoch)
        for places in torch.randperm(self._shown, generator=self._step.shuffler)[:total].split(block):
            indices = places.to(device) % len(self._train_split)
            images, targets = prepare(self._train_split[indices], self._step.augmenter)
            for batch in self._threads.pace(zip(images.split(size), targets.split(size), strict=True)):
                if should_stop():
                    return None
                losses[done // size] = self._step(*batch)
                done += size
                on_batch(BatchProgress(epoch, done, total, time.perf_counter() - start, losses[: done // size]))
        return self._measure(epoch, losses.mean().item(), time.perf_counter() - start)

    def _find_threads(self) -> tuple[int, ...]:
        """Return the numbers of threads that may be chosen from: one if this run is short or not on the CPU.

        In float32 a sum in another order often, but not always, has the same bits. So one step proves nothing there.
        """
        steps = (self.config.epochs - len(self.history)) * self.steps_per_epoch
        choose = steps >= _SHORT_RUN and self.model.device.type == "cpu" and self._step.low_precision
        return find_candidates(self._try_step if choose else None)

    def _try_step(self) -> Iterator[Tensor]:
        """Yield what the next step and the evaluation after it compute. The epoch begins again from its start."""
        self._in_epoch = True
        self._step.load_state_dict(self._finished.tensors)
        self._step.begin_epoch(len(self.history) + 1)
        size = self.config.batch_size
        indices = torch.arange(max(1, BLOCK_SIZE // size) * size) % len(self._train_split)
        images, targets = PREPARE[self.config.recipe](self._train_split[indices], self._step.augmenter)
        yield images
        yield self._step(images[:size], targets[:size])
        yield from self._step.state_dict().values()
        for split in (self._train_split[:TRAIN_EVALUATION_SIZE], self._test_split):
            # A whole chunk, and the one that is left at the end.
            yield compute_logits(self._step.trained_model(), split.pixels[-CHUNK_SIZE - len(split) % CHUNK_SIZE :])

    def _measure(self, epoch: int, train_loss: float, seconds: float) -> EpochResult:
        model = self._step.trained_model()
        on_train = evaluate(model, self._train_split[:TRAIN_EVALUATION_SIZE])
        on_test = evaluate(model, self._test_split)
        if not all(map(math.isfinite, (train_loss, on_train.loss, on_test.loss))):
            raise DivergedError(
                Message(
                    "The loss is no longer a finite number in epoch {epoch}: training has diverged. Try a smaller "
                    "learning rate.",
                    epoch=epoch,
                )
            )
        mislabeled = self._mislabeled[: on_train.total]
        memorized = (on_train.predictions == on_train.labels)[mislabeled].float().mean().item()
        return EpochResult(
            epoch=epoch,
            train_loss=train_loss,
            eval_train_loss=on_train.loss,
            eval_train_accuracy=on_train.accuracy,
            test_loss=on_test.loss,
            test_accuracy=on_test.accuracy,
            seconds=seconds,
            memorized=memorized if mislabeled.any() else None,
        )

    def _finish(self, history: tuple[EpochResult, ...]) -> _Finished:
        model = deepcopy(self._step.trained_model()).requires_grad_(False)
        return _Finished(history, model, self._step.state_dict())

    def _check_state(self, state: TrainingState) -> None:
        if state.config != self.config:
            raise StateError(
                Message(
                    "this is the state of {other}, not of {name} as configured here",
                    other=state.config.name,
                    name=self.config.name,
                )
            )
        if state.dataset_checksum != self.dataset.checksum:
            raise StateError(
                Message("this state was trained on other images than those of {title} here", title=self.dataset.title)
            )
        if [result.epoch for result in state.history] != list(range(1, len(state.history) + 1)):
            raise StateError(Message("the history of this state does not list its epochs"))

    def _calibrate(self, model: MLP) -> float:
        if not len(self._held_out):
            return 1.0
        images = augment(self._held_out, torch.Generator().manual_seed(self.config.seed))
        with torch.inference_mode():
            temperature = fit_temperature(model(images), self._held_out.labels)
        apply_temperature(model, temperature)
        return temperature


def choose_images(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split]:
    """Return the images to train on, and the training images held out for calibration, possibly none.

    Raises:
        ValueError: the data set has fewer images than the config asks for.
    """
    available = len(dataset.train)
    size = available if config.train_size is None else config.train_size
    if size > available:
        raise ValueError(
            Message(
                "train_size {size:,} is more than the {available:,} training images of {title}",
                size=size,
                available=available,
                title=dataset.title,
            )
        )
    generator = torch.Generator().manual_seed(config.seed)
    chosen = dataset.train[torch.randperm(available, generator=generator)[:size]]
    held_out = round(size * HELD_OUT_SHARE) if config.recipe == "augmented" else 0
    return chosen[held_out:], chosen[:held_out]
