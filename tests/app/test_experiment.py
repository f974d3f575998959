"""What the card shows: which experiment, which of its results, and how they are drawn."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.server.runs import Run, RunState
from dropout_mnist.ui.format import duration, rough_duration
from dropout_mnist.ui.playground import curves
from dropout_mnist.ui.playground.presets import PRESETS, find_preset
from dropout_mnist.ui.playground.results import Experiment, Result, belongs, choose_subject, variants

WITH = TrainConfig(drop_prob=0.5, epochs=4)
WITHOUT = replace(WITH, drop_prob=0.0)


def history(accuracies: Sequence[float]) -> list[EpochResult]:
    return [
        EpochResult(
            epoch=epoch,
            train_loss=2,
            eval_train_loss=1 - accuracy,
            eval_train_accuracy=accuracy,
            test_loss=1 - accuracy,
            test_accuracy=accuracy,
            seconds=1,
        )
        for epoch, accuracy in enumerate(accuracies, start=1)
    ]


def experiment(*results: Result) -> Experiment:
    return Experiment(WITH, {result.config.name: result for result in results})


def run(config: TrainConfig, state: RunState = RunState.TRAINING, accuracies: Sequence[float] = ()) -> Run:
    return Run(id=1, config=config, state=state, history=tuple(history(accuracies)))


def test_run_belongs_to_its_settings_without_dropout_and_with_other_seeds() -> None:
    assert belongs(WITHOUT, WITH)
    assert belongs(replace(WITH, seed=5), WITH)
    assert not belongs(WITH, WITHOUT)
    assert not belongs(replace(WITH, drop_prob=0.3), WITH)
    assert not belongs(replace(WITH, epochs=5), WITH)


def test_run_in_training_is_shown_rather_than_other_settings() -> None:
    other = replace(WITH, train_size=1_000)
    assert choose_subject(other, []) == other
    assert choose_subject(None, []) is None
    assert choose_subject(other, [run(WITH)]) == WITH
    assert choose_subject(WITH, [run(replace(WITHOUT, seed=2))]) == WITH
    assert choose_subject(other, [run(WITH, RunState.WAITING)]) == other


def test_run_without_dropout_is_shown_with_its_partner() -> None:
    other = replace(WITH, train_size=1_000)
    assert choose_subject(other, [run(WITHOUT), run(other, RunState.WAITING), run(WITH, RunState.WAITING)]) == WITH
    assert choose_subject(other, [run(WITHOUT)]) == WITHOUT


def test_only_complete_pairs_are_compared() -> None:
    complete = Result(WITHOUT, history([0.1, 0.2, 0.3, 0.7]))
    partial = Result(WITH, history([0.1, 0.2]))
    assert experiment(complete, partial).comparison() is None
    assert experiment(complete, partial).missing(seed=1) == [WITH]
    pair = experiment(complete).with_runs([run(WITH, accuracies=[0.1, 0.2, 0.3, 0.8])])
    comparison = pair.comparison()
    assert comparison is not None
    assert (comparison.seeds, comparison.test_images) == (1, 10_000)
    assert comparison.difference == pytest.approx(0.1)
    assert pair.next_seed() == 2
    assert pair.missing(seed=2) == list(variants(replace(WITH, seed=2)))


def test_seeds_end_at_the_highest() -> None:
    last = replace(WITH, seed=2**31 - 1)
    results = {config.name: Result(config, history([0.5] * 4)) for config in variants(last)}
    assert Experiment(last, results).next_seed() is None


def test_active_runs_of_other_settings_are_left_out() -> None:
    other = run(replace(WITH, batch_size=10), accuracies=[0.5])
    assert experiment().with_runs([other]).results == {}


def test_preset_is_recognized_whatever_its_dropout_and_seed() -> None:
    config = PRESETS["few"].config
    assert find_preset(replace(config, drop_prob=0.1, seed=9)) == "few"
    assert find_preset(replace(config, epochs=3)) is None
    assert find_preset(None) is None


def encoding(chart: dict[str, Any], channel: str) -> dict[str, Any]:
    found: dict[str, Any] = chart["layer"][0]["encoding"][channel]
    return found


def test_axis_ends_at_the_chosen_number_of_epochs_and_the_run_before_too() -> None:
    before = Result(replace(WITH, drop_prob=0.2, epochs=9), history([0.5] * 9))
    seen = experiment(Result(WITHOUT, history([0.6, 0.7])))
    chart = curves.draw(seen, before, {"test images": "test_accuracy"}, "accuracy", ".2%").to_dict()
    assert encoding(chart, "x")["scale"]["domain"] == [1, 4]
    names = encoding(chart, "color")["scale"]["domain"]
    assert names == ["no dropout", "before: dropout 0.2 · 9 epochs"]
    [rows] = chart["datasets"].values()
    assert [row["epoch"] for row in rows if row["run"] == names[1]] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("seconds", "exact", "rough"),
    [
        (0.2, "0 s", "1 s"),
        (9.4, "9 s", "9 s"),
        (43, "43 s", "45 s"),
        (86, "1 min 26 s", "1 min"),
        (1_000, "16 min 40 s", "17 min"),
        (24_420, "6 h 47 min", "6 h 50 min"),
    ],
)
def test_times_are_in_the_unit_that_fits(seconds: float, exact: str, rough: str) -> None:
    assert duration(seconds) == exact
    assert rough_duration(seconds) == rough
