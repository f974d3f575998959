from dataclasses import replace

import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.evaluation import evaluate
from dropout_mnist.experiments import measurements
from dropout_mnist.model import MLP
from dropout_mnist.train_step import inference_copy
from dropout_mnist.training import Training, choose_images

CONFIG = TrainConfig(dataset="digits", epochs=3, hidden_sizes=(64, 64), drop_prob=0.5)


@pytest.fixture(scope="module")
def trained(digits: Dataset) -> MLP:
    training = Training(CONFIG, digits)
    list(training)
    return inference_copy(training.model)


@pytest.mark.slow
def test_averaging_more_networks_reduces_the_error(trained: MLP, digits: Dataset) -> None:
    rows = measurements.measure_averaging(trained, CONFIG, digits)
    assert [row["k"] for row in rows] == list(measurements.NETWORK_COUNTS)
    assert [row["groups"] for row in rows] == [400 // k for k in measurements.NETWORK_COUNTS]
    assert rows[0]["test_error"] > rows[-1]["test_error"]
    assert rows[0]["full_network_error"] == pytest.approx(1 - evaluate(trained, digits.test).accuracy)


def test_averaging_has_no_rows_without_dropout(trained: MLP, digits: Dataset) -> None:
    assert measurements.measure_averaging(trained, TrainConfig(drop_prob=0), digits) == []


@pytest.mark.slow
def test_pruning_starts_at_full_accuracy_and_ends_far_below(trained: MLP, digits: Dataset) -> None:
    rows = measurements.measure_pruning(trained, CONFIG, digits)
    assert len(rows) == 2 * 2 * len(measurements.PRUNED_SHARES)
    whole = evaluate(trained, digits.test).accuracy
    for row in rows:
        if row["removed"] == 0:
            assert row["test_accuracy"] == pytest.approx(whole)
        if row["removed"] == 0.95:
            assert row["test_accuracy"] < whole / 2


def test_shares_of_activations_add_up_to_one(trained: MLP, digits: Dataset) -> None:
    rows = measurements.measure_activations(trained, CONFIG, digits)
    for layer in (1, 2):
        shares = [row["share"] for row in rows if row["layer"] == layer]
        assert sum(shares) == pytest.approx(1)
        assert shares[0] > 0.1  # exact zeros


def test_held_out_images_are_those_the_network_did_not_see(trained: MLP, digits: Dataset) -> None:
    config = replace(CONFIG, train_size=1_000)
    seen, _held_out = choose_images(config, digits)
    [row] = measurements.measure_held_out(trained, config, digits)
    assert row["images"] == len(digits.train) - 1_000
    everything = evaluate(trained, digits.train).correct
    assert round(row["accuracy"] * row["images"]) == everything - evaluate(trained, seen).correct


def test_held_out_has_no_rows_after_training_on_all_images(trained: MLP, digits: Dataset) -> None:
    assert measurements.measure_held_out(trained, CONFIG, digits) == []
