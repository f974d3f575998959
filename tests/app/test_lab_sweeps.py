"""Experiments of the lab with small sweeps of the bundled digits."""

from dataclasses import replace
from pathlib import Path

import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.results import SweepResults
from dropout_mnist.experiments.sweep import run_one

from .page import checked, texts
from .test_lab import PARTS, open_experiment, titles

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_server", "shipped")]

SMALL = TrainConfig(dataset="digits", hidden_sizes=(8, 8), epochs=2, batch_size=100)
WIDE = replace(SMALL, hidden_sizes=(16, 16))
RUNS = {
    "wrong_labels": [
        replace(SMALL, label_noise=share, drop_prob=rate, seed=seed)
        for share in (0.0, 0.4)
        for rate in (0.0, 0.5)
        for seed in (1, 2)
    ],
    "width": [
        replace(config, drop_prob=rate, seed=seed) for config in (SMALL, WIDE) for rate in (0.0, 0.5) for seed in (1, 2)
    ],
    "regularizers": [
        replace(config, seed=seed, train_size=1_000)
        for config in (
            replace(SMALL, drop_prob=0.0),
            replace(SMALL, drop_prob=0.0, epochs=1),
            replace(SMALL, drop_prob=0.5),
            replace(SMALL, drop_prob=0.2, dropout_kind="gaussian"),
            replace(SMALL, drop_prob=0.0, weight_decay=0.1),
        )
        for seed in (1, 2)
    ],
    "schedule": [
        replace(config, **when)
        for config in (SMALL, WIDE)
        for when in ({"drop_prob": 0.0}, {}, {"first_dropout_epoch": 2}, {"last_dropout_epoch": 1})
    ],
}


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of small sweeps."""
    folder = tmp_path_factory.mktemp("measurements")
    for name, configs in RUNS.items():
        tables = ["held_out"] if name == "regularizers" else []
        results = SweepResults(folder / name, tables)
        for config in configs:
            results.add(config, run_one(config, tables))
    return folder


@pytest.fixture(autouse=True)
def measured(sweeps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPOUT_MNIST_MEASUREMENTS", str(sweeps))


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("wrong-labels", "After epoch 2 with 40% random labels, the test accuracy is"),
        ("width", "With 16 units per layer the test error is"),
        ("zeros-or-noise", "With 1,000 training images the test error is"),
        ("schedule", "the test error with dropout is: never"),
    ],
)
def test_measurements_are_described_and_judged(key: str, sentence: str) -> None:
    page = open_experiment(key)
    assert titles(page) == PARTS
    assert sentence in texts(page)
    assert "Not measured here yet" not in texts(page)
    assert not page.error


def test_wrong_labels_follow_the_controls() -> None:
    page = open_experiment("wrong-labels", labels="0.4", epoch="1")
    assert "After epoch 1 with 40% random labels" in texts(page)
    assert "are memorized" in texts(page)
    checked(page.select_slider(key="wrong-labels_labels").set_value(0.0).run())
    assert "After epoch 1 with 0% random labels" in texts(page)
    # The verdict has them for 40% only.
    assert texts(page).count("Of the wrong labels") == 1


def test_networks_are_compared_by_the_units_that_are_kept() -> None:
    page = open_experiment("width", compare="kept")
    assert page.segmented_control(key="width_compare").value == "kept"


def test_answer_is_compared_with_the_best_method() -> None:
    page = open_experiment("zeros-or-noise")
    checked(page.button(key="predict_again").click().run())
    page.radio(key="prediction_zeros-or-noise").set_value("decay").run()
    checked(page.button(key="predict").click().run())
    assert "Measured: " in texts(page)


def test_methods_have_the_settings_that_are_best_on_held_out_images() -> None:
    page = open_experiment("zeros-or-noise")
    assert "with Gaussian noise (drop_prob 0.2)" in texts(page)
    assert "with early stopping (after 2 of 2 epochs)" in texts(page)
    assert "chosen by the accuracy on 10,000 training images that the networks had not seen" in texts(page)
