"""Estimates of how long a run takes."""

from dataclasses import replace

import pytest
import torch

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import FULL_SIZES, TEST_SIZES, Dataset
from dropout_mnist.server.pace import MAX_KINDS, Pace, PaceBook, evaluated_per_epoch, steps_per_epoch
from dropout_mnist.server.runs import Run
from dropout_mnist.training import BatchProgress, Training


def test_sizes_are_those_of_the_data_set(digits: Dataset) -> None:
    assert (len(digits.train), len(digits.test)) == (FULL_SIZES["digits"], TEST_SIZES["digits"])


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(dataset="digits", epochs=1, train_size=40, batch_size=16),
        TrainConfig(dataset="digits", epochs=1, train_size=10, repeats=5, batch_size=16),
        TrainConfig.augmented(dataset="digits", epochs=1, train_size=200, batch_size=19),
    ],
)
def test_steps_are_counted_as_training_counts_them(digits: Dataset, config: TrainConfig) -> None:
    config = replace(config, hidden_sizes=(4,))
    seen: list[BatchProgress] = []
    list(Training(config, digits).run(on_batch=seen.append))
    assert steps_per_epoch(config) == len(seen)


def test_training_images_are_evaluated_up_to_a_limit() -> None:
    assert evaluated_per_epoch(TrainConfig()) == 20_000
    assert evaluated_per_epoch(TrainConfig(train_size=100)) == 10_100
    assert evaluated_per_epoch(TrainConfig(dataset="digits")) == 1_797


def test_estimate_adds_training_and_evaluation() -> None:
    config = TrainConfig(train_size=1_000, repeats=2, epochs=3)
    assert Pace(0.5, 0.25).seconds(config) == 3 * (2_000 * 0.5 + 11_000 * 0.25)


@pytest.mark.parametrize("recipe", ["plain", "augmented"])
def test_pace_is_measured_before_the_first_run(recipe: str) -> None:
    config = TrainConfig(recipe=recipe, hidden_sizes=(16,), device="cpu")
    book = PaceBook()
    assert book.known(config) is None
    pace = book.measured(config)
    assert pace.train_seconds > 0
    assert pace.evaluate_seconds > 0
    assert pace == book.known(replace(config, seed=2, epochs=3, drop_prob=0.6))
    assert book.known(replace(config, hidden_sizes=(16, 16))) is None


def test_closed_book_measures_nothing() -> None:
    book = PaceBook()
    book.close()
    with pytest.raises(RuntimeError, match="no pace is measured any more"):
        book.measured(TrainConfig())


def test_pace_is_learned_from_epochs() -> None:
    config = TrainConfig(train_size=1_000, batch_size=10)
    book = PaceBook()
    pace = book.add_epoch(config, train_seconds=2, all_seconds=13)
    assert pace == Pace(2 / 1_000, 11 / 11_000) == book.known(config) == book.measured(config)


def test_book_keeps_the_latest_kinds_only() -> None:
    book = PaceBook()
    kinds = [TrainConfig(hidden_sizes=(size,)) for size in range(1, MAX_KINDS + 3)]
    for kind in kinds:
        book.add_epoch(kind, train_seconds=1, all_seconds=2)
    assert [book.known(kind) is None for kind in kinds] == [True, True, *[False] * MAX_KINDS]


def test_time_left_includes_the_evaluations() -> None:
    config = TrainConfig(train_size=1_000, epochs=4)
    run = Run(id=1, config=config)
    assert run.seconds_left is None
    run = replace(run, pace=Pace(0.5, 1))
    assert run.seconds_left == 4 * (500 + 11_000)
    # Half of the first epoch, at two images per second.
    run = replace(run, progress=BatchProgress(epoch=1, done=500, total=1_000, seconds=250, losses=torch.ones(5)))
    assert run.share_done == 1 / 8
    assert run.seconds_left == 3_500 / 2 + 4 * 11_000
