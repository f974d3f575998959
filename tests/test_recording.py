"""The recording of a run: losses, moments and answers, in a notebook as on a server."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.evaluation import Prediction, predict
from dropout_mnist.model import MLP
from dropout_mnist.recording.moment import Moment
from dropout_mnist.recording.recorder import ANSWER_EVERY, Recorder, choose_moments
from dropout_mnist.recording.recording import MAX_ANSWERS, MAX_WATCHED, MOMENTS, Recording
from dropout_mnist.recording.smoothing import average_windows
from dropout_mnist.training import Training, TrainingState


def record(training: Training, recording: Recording, stop_after: int | None = None) -> Training:
    """Train and record, for this many epochs if it is given."""
    for result in training.run(on_batch=Recorder(training, recording)):
        if result.epoch == stop_after:
            break
    return training


def confidence(model: MLP, image: torch.Tensor, digit: int) -> float:
    prediction = predict(model, image)
    assert isinstance(prediction, Prediction)
    return prediction.probs[digit]


@pytest.mark.parametrize("recipe", ["plain", "augmented"])
def test_recorded_run_has_the_same_bits(tiny: Dataset, tiny_config: TrainConfig, recipe: str) -> None:
    config = replace(tiny_config, recipe=recipe)
    recording = Recording()
    recording.watch(tiny.test.pixels[0])
    recorded, alone = record(Training(config, tiny), recording), Training(config, tiny)
    list(alone)
    pairs = zip(recorded.model.parameters(), alone.model.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert [replace(result, seconds=0) for result in recorded.history] == [
        replace(result, seconds=0) for result in alone.history
    ]


def test_losses_of_all_batches_are_recorded(tiny: Dataset, tiny_config: TrainConfig) -> None:
    recording = Recording()
    training = record(Training(tiny_config, tiny), recording)
    assert [len(losses) for losses in recording.losses] == [training.steps_per_epoch] * 3
    for losses, result in zip(recording.losses, training.history, strict=True):
        assert float(losses.mean()) == result.train_loss
    assert recording.losses[0][0] > recording.losses[-1][-1]


def test_losses_grow_with_every_batch_and_what_was_read_does_not_change(
    tiny: Dataset, tiny_config: TrainConfig
) -> None:
    training, recording = Training(tiny_config, tiny), Recording()
    recorder = Recorder(training, recording)
    seen: list[torch.Tensor] = []

    def on_batch(progress: object) -> None:
        recorder(progress)  # type: ignore[arg-type]
        seen.append(torch.cat(recording.losses))

    list(training.run(on_batch=on_batch))
    assert [len(losses) for losses in seen] == list(range(1, len(seen) + 1))
    assert all(torch.equal(losses, seen[-1][: len(losses)]) for losses in seen)


def test_last_moment_is_the_trained_network(digits: Dataset) -> None:
    config = TrainConfig(dataset="digits", epochs=3, batch_size=50)
    recording = Recording()
    training = record(Training(config, digits), recording)
    assert recording.moments[-1].step == 3 * training.steps_per_epoch
    images = digits.test.pixels[:50]
    exact, rounded = (predict(model, images) for model in (training.model, recording.moments[-1].model()))
    assert isinstance(exact, list)
    assert isinstance(rounded, list)
    for one, other in zip(exact, rounded, strict=True):
        assert other.probs == pytest.approx(one.probs, abs=0.02)


def test_moments_follow_what_the_network_learns(tiny: Dataset, tiny_config: TrainConfig) -> None:
    config = replace(tiny_config, epochs=30)
    recording = Recording()
    record(Training(config, tiny), recording)
    assert len(recording.moments) == MOMENTS
    assert [moment.step for moment in recording.moments] == [0, *choose_moments(120, MOMENTS - 1)]
    answers = recording.answers(tiny.test.pixels[3])
    assert recording.answers(tiny.test.pixels[3]) == answers
    assert [answer.step for answer in answers] == [moment.step for moment in recording.moments]
    assert answers[0].prediction.probs[3] < 0.3
    assert answers[-1].prediction.probs[3] > 0.8
    for moment, answer in zip(recording.moments[::10], answers[::10], strict=True):
        assert confidence(moment.model(), tiny.test.pixels[3], 3) == answer.prediction.probs[3]


@pytest.mark.parametrize("steps", [0, 1, 7, 50, 51, 60, 600, 9_000])
def test_moments_are_distinct_dense_at_first_and_reach_the_end(steps: int) -> None:
    moments = choose_moments(steps, 50)
    gaps = [later - earlier for earlier, later in zip([0, *moments], moments, strict=False)]
    assert len(moments) == min(steps, 50)
    assert moments[-1:] == [steps] * bool(steps)
    assert all(gap > 0 for gap in gaps)
    assert gaps[:1] <= gaps[-1:]


def test_watched_image_is_answered_at_least_every_hundred_steps(tiny: Dataset, tiny_config: TrainConfig) -> None:
    config = replace(tiny_config, epochs=100)
    recording = Recording(max_moments=0)
    recording.watch(tiny.test.pixels[3])
    training = record(Training(config, tiny), recording)
    steps = [answer.step for answer in recording.answers(tiny.test.pixels[3])]
    assert steps == list(range(ANSWER_EVERY, 100 * training.steps_per_epoch + 1, ANSWER_EVERY))
    assert recording.answers(tiny.test.pixels[4]) == []
    assert recording.moments == ()


def test_image_watched_late_has_the_answers_of_earlier_moments_too(tiny: Dataset, tiny_config: TrainConfig) -> None:
    recording = Recording()
    training = Training(replace(tiny_config, epochs=100), tiny)
    recorder = Recorder(training, recording)
    for _ in training.run(on_batch=recorder):
        recording.watch(tiny.test.pixels[3].numpy())
    steps = [answer.step for answer in recording.answers(tiny.test.pixels[3])]
    assert steps == sorted({0, *choose_moments(400, MOMENTS - 1), 100, 200, 300, 400})


def test_recording_is_bounded(tiny: Dataset, tiny_config: TrainConfig) -> None:
    recording = Recording()
    images = list(tiny.test.pixels[: MAX_WATCHED + 2])
    for image in images:
        recording.watch(image)
    for step in range(MAX_ANSWERS + 5):
        prediction = Prediction((0.1,) * 10)
        recording.add_answers(step, dict.fromkeys(recording.watched, prediction))
    answers = [recording.answers(image) for image in images]
    assert [len(each) for each in answers] == [0, 0] + [MAX_ANSWERS] * MAX_WATCHED
    assert answers[-1][-1].step == MAX_ANSWERS + 4


def test_continued_run_completes_its_recording(tiny: Dataset, tiny_config: TrainConfig) -> None:
    config = replace(tiny_config, epochs=30)
    recording = Recording()
    paused = record(Training(config, tiny), recording, stop_after=10)
    before = recording.moments
    record(Training(config, tiny, paused.state), recording)
    assert recording.moments[: len(before)] == before
    assert len(recording.moments) == MOMENTS
    assert recording.moments[-1].step == 120
    assert len(torch.cat(recording.losses)) == 120


def test_recording_of_a_resumed_run_begins_where_the_run_does(tiny: Dataset, tiny_config: TrainConfig) -> None:
    config = replace(tiny_config, epochs=30)
    state: TrainingState = record(Training(config, tiny), Recording(), stop_after=10).state
    recording = Recording()
    record(Training(config, tiny, state), recording)
    assert recording.first_epoch == 11
    assert (recording.moments[0].step, len(recording.moments)) == (40, MOMENTS)


def test_diverged_network_is_not_recorded(tiny: Dataset, tiny_config: TrainConfig) -> None:
    training, recording = Training(tiny_config, tiny), Recording()
    recorder = Recorder(training, recording)
    with torch.no_grad():
        next(training.model_in_training.parameters()).fill_(float("nan"))
    with pytest.raises(Exception, match="diverged"):
        list(training.run(on_batch=recorder))
    assert [moment.step for moment in recording.moments] == [0]


def test_only_single_images_are_watched(tiny: Dataset) -> None:
    with pytest.raises(ValueError, match="one image is needed, not 40"):
        Recording().watch(tiny.test.pixels)


def test_moment_leaves_the_network_in_its_mode_and_shares_nothing() -> None:
    model = MLP((8, 6))
    moment = Moment.of(model, 0)
    assert model.training
    before = moment.model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert all(torch.equal(*pair) for pair in zip(before.parameters(), moment.model().parameters(), strict=True))
    assert not before.training
    # A network of zeros has no scale.
    assert confidence(Moment.of(model, 0).model(), torch.zeros(784), 0) == pytest.approx(0.1)


def test_windows_average_all_batches_and_end_with_the_last_step() -> None:
    losses = np.arange(1_010, dtype=np.float32)
    ends, means = average_windows(losses, 40)
    assert ends[-1] == 1_010
    assert set(np.diff(ends)) == {26}
    assert means[-1] == losses[-26:].mean()
    assert means[0] == losses[: ends[0]].mean()
    assert len(ends) == 39


def test_few_batches_are_not_averaged() -> None:
    ends, means = average_windows(np.array([2.0, 1.0], dtype=np.float32), 40)
    assert ends.tolist() == [1, 2]
    assert means.tolist() == [2.0, 1.0]
