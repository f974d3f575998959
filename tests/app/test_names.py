"""Names of networks."""

import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui import language, names


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (TrainConfig(drop_prob=0.0), "no dropout"),
        (TrainConfig(drop_prob=0.5), "dropout 0.5"),
        (TrainConfig.augmented(), "augmented · dropout 0.1"),
        (TrainConfig(drop_prob=0.5, train_size=100), "dropout 0.5 · 100 images · 15 epochs"),
        (TrainConfig(drop_prob=0.0, seed=2, epochs=1), "no dropout · 1 epoch · seed 2"),
        (TrainConfig(dataset="digits"), "dropout 0.3 · scikit-learn's bundled digits · 15 epochs"),
    ],
)
def test_name_of_a_network_says_how_it_was_trained(config: TrainConfig, name: str) -> None:
    assert names.network(config) == name


def test_full_name_says_what_a_short_one_leaves_out() -> None:
    assert names.in_full(TrainConfig.augmented()) == "augmented · dropout 0.1 · MNIST · 400 epochs"


def test_settings_in_a_name_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    config = TrainConfig(batch_size=50)
    assert "batch size 50" in names.network(config)
    monkeypatch.setattr(language, "language", lambda: "ko")
    assert "배치 크기 50" in names.network(config)
