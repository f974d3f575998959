"""What is kept of a run, of bounded size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from dropout_mnist.evaluation import Prediction, predict_batch
from dropout_mnist.preprocessing.inputs import scale, to_batch
from dropout_mnist.recording.moment import Moment

# Moments that are kept of a whole run; the first one is before its first step.
MOMENTS = 51
# Images that are watched at the same time; the one that was asked for longest ago gives way.
MAX_WATCHED = 8
# Latest answers that are kept for each watched image.
MAX_ANSWERS = 1_000


@dataclass(frozen=True)
class Answer:
    """What the network said of an image after a step, counted from 1 over all epochs, with dropout off."""

    step: int
    prediction: Prediction


class Recording:
    """The loss of every batch of a run, its network at moments of it, and their answers to images.

    A `Recorder` fills it on the thread that trains. Other threads may use it meanwhile: what they read is replaced as
    a whole, and nothing that they do is lost but a repeated computation.

    Args:
        max_moments: kept in all; 0 for none.

    Attributes:
        moments: in their order.
    """

    def __init__(self, max_moments: int = MOMENTS) -> None:
        self.max_moments = max_moments
        self.moments: tuple[Moment, ...] = ()
        self._losses: dict[int, Tensor] = {}
        # By the bytes of the image.
        self._watched: dict[bytes, Tensor] = {}
        self._live: dict[bytes, tuple[Answer, ...]] = {}
        self._computed: dict[bytes, tuple[Answer, ...]] = {}

    @property
    def losses(self) -> tuple[Tensor, ...]:
        """The losses of the batches, with dropout on: float32 on the CPU, one tensor for each recorded epoch."""
        return tuple(losses.cpu() for _, losses in sorted(self._losses.copy().items()))

    @property
    def first_epoch(self) -> int:
        """The first epoch that was recorded, counted from 1: a resumed run's is not the first."""
        return min(self._losses.copy(), default=1)

    @property
    def watched(self) -> dict[bytes, Tensor]:
        """The images whose answers are recorded, (1, 784) float32 each, by their bytes."""
        return self._watched.copy()

    def watch(self, image: Any) -> None:
        """Record the answers to one image from now on, as well as to at most seven others.

        Args:
            image: as `predict` accepts it.

        Raises:
            ValueError: it is not one image.
        """
        pixels, key = _read_one(image)
        others = {other: watched for other, watched in self.watched.items() if other != key}
        self._watched = dict([*others.items(), (key, pixels)][-MAX_WATCHED:])

    def answers(self, image: Any) -> list[Answer]:
        """Return the answers to one image over the run, in the order of their steps.

        They are those recorded while the image was watched, and those of all moments, which are computed now.

        Raises:
            ValueError: it is not one image.
        """
        pixels, key = _read_one(image)
        live, moments = self._live.get(key, ()), self.moments
        known = {answer.step: answer for answer in (*self._computed.get(key, ()), *live)}
        new = _answer([moment for moment in moments if moment.step not in known], pixels)
        if new:
            # Keep those of the latest images.
            others = [item for item in self._computed.copy().items() if item[0] != key]
            self._computed = dict([*others, (key, self._computed.get(key, ()) + new)][-MAX_WATCHED:])
        known |= {answer.step: answer for answer in new}
        return [known[step] for step in sorted(known)]

    def add_losses(self, epoch: int, losses: Tensor) -> None:
        """Record the losses of an epoch's batches so far, which replace those known before."""
        self._losses[epoch] = losses

    def add_moment(self, moment: Moment) -> None:
        """Record the network as it is now."""
        self.moments = (*self.moments, moment)

    def add_answers(self, step: int, predictions: dict[bytes, Prediction]) -> None:
        """Record the answers to the watched images; those to images no longer watched are forgotten."""
        self._live = {
            key: (*self._live.get(key, ()), Answer(step, prediction))[-MAX_ANSWERS:]
            for key, prediction in predictions.items()
        }


def _answer(moments: Sequence[Moment], image: Tensor) -> tuple[Answer, ...]:
    if not moments:
        return ()
    model, answers = moments[0].model(), []
    for moment in moments:
        moment.restore(model)
        answers += [Answer(moment.step, prediction) for prediction in predict_batch(model, image)]
    return tuple(answers)


def _read_one(image: Any) -> tuple[Tensor, bytes]:
    """Return an image as a batch, (1, 784), and its bytes."""
    batch = scale(to_batch(image)[0])
    if len(batch) != 1:
        raise ValueError(f"one image is needed, not {len(batch)}")
    return batch, batch.numpy().tobytes()
