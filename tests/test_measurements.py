from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import FULL_SIZES, Dataset, Split
from dropout_mnist.evaluation import evaluate
from dropout_mnist.experiments import measurements
from dropout_mnist.experiments.corruptions import CORRUPTIONS, corrupt
from dropout_mnist.experiments.pruning import AT_RANDOM, LARGEST_FIRST, pruned_probs, removal_ranks
from dropout_mnist.experiments.results import SweepResults
from dropout_mnist.experiments.shrinking import KEPT_SHARES, file_bytes, keep
from dropout_mnist.experiments.subnetworks import hidden_activations, thinned_probs
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.inputs import scale
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


@pytest.mark.parametrize("train_size", [None, FULL_SIZES["digits"]])
def test_held_out_has_no_rows_after_training_on_all_images(
    trained: MLP, digits: Dataset, tmp_path: Path, train_size: int | None
) -> None:
    config = replace(CONFIG, train_size=train_size)
    assert measurements.measure_held_out(trained, config, digits) == []
    # A sweep that is resumed does not make such a run again.
    results = SweepResults(tmp_path, ["held_out"])
    results.add(config, {"epochs": [{"epoch": 3}], "held_out": []})
    assert results.has(config)
    assert not results.has(replace(config, train_size=1_000))


@pytest.fixture(scope="module")
def few(digits: Dataset) -> Dataset:
    """The bundled digits with 60 test images."""
    return Dataset("digits", digits.train, digits.test[:60])


@pytest.fixture(scope="module")
def small() -> MLP:
    """An untrained network with two hidden layers."""
    return MLP((24, 16), 0.5, torch.Generator().manual_seed(3)).eval()


def error_of(probs: torch.Tensor, dataset: Dataset) -> float:
    return float((probs.argmax(dim=1) != dataset.test.labels).double().mean())


def test_averaging_measures_groups_of_thinned_networks(small: MLP, few: Dataset) -> None:
    rows = {row["k"]: row for row in measurements.measure_averaging(small, CONFIG, few)}
    assert list(rows) == list(measurements.NETWORK_COUNTS)
    images = scale(few.test.pixels)
    probs = [thinned_probs(small, images, CONFIG.drop_prob, seed) for seed in range(1, measurements.PASSES + 1)]
    for k in (1, 200):
        groups = [torch.stack(probs[start : start + k]).mean(dim=0) for start in range(0, len(probs), k)]
        errors = torch.tensor([error_of(group, few) for group in groups])
        assert rows[k]["groups"] == len(errors)
        assert rows[k]["test_error"] == pytest.approx(float(errors.mean()))
        assert rows[k]["spread"] == pytest.approx(float(errors.std()))
        assert rows[k]["full_network_error"] == pytest.approx(1 - evaluate(small, few.test).accuracy)


def test_pruning_measures_both_orders_with_and_without_scaling(small: MLP, few: Dataset) -> None:
    rows = measurements.measure_pruning(small, CONFIG, few)
    found = {(row["order"], row["scaled"], row["removed"]): row["test_accuracy"] for row in rows}
    assert len(found) == len(rows) == 2 * 2 * len(measurements.PRUNED_SHARES)
    for order in (AT_RANDOM, LARGEST_FIRST):
        for scaled in (False, True):
            ranks = removal_ranks(small, order, CONFIG.seed)
            probs = pruned_probs(small, scale(few.test.pixels), 0.5, ranks, scaled)
            assert found[order, scaled, 0.5] == pytest.approx(1 - error_of(probs, few))


def test_small_copies_are_measured_with_their_bytes(small: MLP, few: Dataset) -> None:
    rows = measurements.measure_small(small, CONFIG, few)
    assert len({(row["part"], row["order"], row["kept"]) for row in rows}) == len(rows) == 4 * len(KEPT_SHARES)
    whole = evaluate(small, few.test).accuracy
    for row in rows:
        copy = keep(small, row["part"], row["kept"], row["order"], CONFIG.seed)
        assert row["bytes"] == file_bytes(copy)
        assert row["test_accuracy"] == evaluate(copy, few.test).accuracy
        if row["kept"] == 1:
            assert (row["bytes"], row["test_accuracy"]) == (file_bytes(small), whole)


def test_corruptions_are_measured_in_all_severities(small: MLP, few: Dataset) -> None:
    rows = measurements.measure_corruptions(small, CONFIG, few)
    assert [(row["corruption"], row["severity"]) for row in rows] == [
        (name, severity) for name in CORRUPTIONS for severity in range(6)
    ]
    for row in rows:
        images = corrupt(few.test.pixels / 255, row["corruption"], row["severity"], CONFIG.seed)
        found = evaluate(small, Split((images * 255).round().byte(), few.test.labels))
        assert (row["images"], row["test_accuracy"]) == (60, found.accuracy)
        assert row["calibration_error"] == pytest.approx(found.calibration_error)


def test_activations_are_counted_in_bins(small: MLP, few: Dataset) -> None:
    rows = measurements.measure_activations(small, CONFIG, few)
    assert len(rows) == 2 * (1 + measurements.BINS)
    first = hidden_activations(small, few.test.pixels / 255)[0].double()
    for row in (row for row in rows if row["layer"] == 1):
        if row["high"] == 0:
            inside = first == 0
        else:
            assert row["high"] - row["low"] == pytest.approx(measurements.BIN_WIDTH)
            last = row["high"] == measurements.BINS * measurements.BIN_WIDTH
            inside = (first > 0) & (first >= row["low"]) & ((first < row["high"]) | last)
        assert row["share"] == pytest.approx(float(inside.double().mean()), abs=1e-3)


def test_first_images_that_are_left_are_held_out(small: MLP, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements, "HELD_OUT_IMAGES", 50)
    config = replace(CONFIG, train_size=1_000)
    in_order, _held_out = choose_images(CONFIG, digits)
    [row] = measurements.measure_held_out(small, config, digits)
    expected = evaluate(small, in_order[1_000:1_050])
    assert (row["images"], row["accuracy"]) == (50, expected.accuracy)
