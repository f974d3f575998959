"""Record a run while it trains."""

import torch
from torch import Tensor

from dropout_mnist.dropout import Dropout
from dropout_mnist.evaluation import Prediction
from dropout_mnist.model import MLP
from dropout_mnist.recording.moment import Moment
from dropout_mnist.recording.recording import Recording
from dropout_mnist.training import BatchProgress, Training

# Watched images are answered after this many steps at the latest.
ANSWER_EVERY = 100


class Recorder:
    """Record a run as it trains; pass it as `on_batch`.

    Example:
        >>> recording = Recording()
        >>> recording.watch("photo.jpg")
        >>> for result in run.run(on_batch=Recorder(run, recording)):
        ...     print(recording.losses[-1].mean(), recording.answers("photo.jpg")[-1].prediction)

    Args:
        training: the run.
        recording: where to record.
    """

    def __init__(self, training: Training, recording: Recording) -> None:
        self._training = training
        self._recording = recording
        done = len(training.history) * training.steps_per_epoch
        total = training.config.epochs * training.steps_per_epoch
        if not recording.moments and recording.max_moments:
            self._add_moment(done)
            self._add_answers(done)
        # A run that continues has some of its moments already.
        left = recording.max_moments - len(recording.moments)
        self._moments = {done + step for step in choose_moments(total - done, left)}

    def __call__(self, progress: BatchProgress) -> None:
        """Record what is due after a batch."""
        self._recording.add_losses(progress.epoch, progress.losses)
        step = (progress.epoch - 1) * self._training.steps_per_epoch + len(progress.losses)
        if step in self._moments:
            self._add_moment(step)
        if step in self._moments or step % ANSWER_EVERY == 0:
            self._add_answers(step)

    def _add_moment(self, step: int) -> None:
        moment = Moment.of(self._training.model_in_training, step)
        if moment.is_finite:
            self._recording.add_moment(moment)

    def _add_answers(self, step: int) -> None:
        if watched := self._recording.watched:
            probs = _predict(self._training.model_in_training, torch.cat(list(watched.values())))
            predictions = [Prediction(tuple(row)) for row in probs.tolist()]
            if probs.isfinite().all():
                self._recording.add_answers(step, dict(zip(watched, predictions, strict=True)))


@torch.inference_mode()
def _predict(model: MLP, images: Tensor) -> Tensor:
    """Return the probabilities without dropout, (N, 10), and leave the model in the mode in which it trains."""
    values = images.to(model.device)
    for layer in model.layers:
        if not isinstance(layer, Dropout):
            values = layer(values)
    return values.softmax(dim=1).cpu()


def choose_moments(steps: int, count: int) -> list[int]:
    """Return up to `count` of the steps from 1 to `steps`, the last one included.

    They are dense at first, because a network learns most at first: the n-th one is proportional to n squared.
    """
    chosen = [0]
    for number in range(1, min(count, steps) + 1):
        chosen.append(max(chosen[-1] + 1, round(steps * (number / min(count, steps)) ** 2)))
    return chosen[1:]
