import pytest
import torch

from dropout_mnist.data.datasets import Dataset
from dropout_mnist.experiments.doubt import (
    DIGITS,
    ENSEMBLE,
    HIGHEST,
    INFORMATION,
    SINGLE,
    THINNED,
    make_images,
    measure_ensemble,
    measure_network,
)
from dropout_mnist.experiments.non_digits import KINDS, NOISE, TURNED, make_non_digits
from dropout_mnist.experiments.studies import DOUBT_SIZES, ensemble_configs
from dropout_mnist.model import MLP


def test_there_are_digits_and_non_digits_of_each_kind(digits: Dataset) -> None:
    images = make_images(digits.test, 20)
    assert set(images) == {DIGITS, *KINDS}
    assert all(pixels.shape == (20, 784) and pixels.dtype is torch.uint8 for pixels in images.values())


def test_turned_digits_are_turned_back_by_three_more_turns(digits: Dataset) -> None:
    turned = make_non_digits(TURNED, digits.test, 5).reshape(-1, 28, 28)
    chosen = digits.test.pixels[torch.isin(digits.test.labels, torch.tensor([2, 3, 4, 7]))][:5]
    assert torch.equal(turned.rot90(3, (1, 2)).reshape(-1, 784), chosen)


def test_unknown_kind_of_non_digits_is_refused(digits: Dataset) -> None:
    with pytest.raises(ValueError, match="kind must be one of letters and signs"):
        make_non_digits("cats", digits.test, 5)


def test_doubt_has_a_row_for_each_score_and_kind(digits: Dataset) -> None:
    model = MLP((16,), drop_prob=0.5, generator=torch.Generator().manual_seed(1)).eval()
    rows = measure_network(model, 0.5, make_images(digits.test, 20))
    assert {(row["method"], row["score"]) for row in rows} >= {(SINGLE, HIGHEST), (THINNED, INFORMATION)}
    assert all((row["auroc"] is None) == (row["kind"] == DIGITS) for row in rows)
    assert all(row["mean"] >= -1e-6 for row in rows)


def test_network_does_not_disagree_with_its_copies(digits: Dataset) -> None:
    model = MLP((16,), drop_prob=0.5, generator=torch.Generator().manual_seed(1)).eval()
    images = {DIGITS: digits.test.pixels[:10], NOISE: make_non_digits(NOISE, digits.test, 10)}
    found = {(row["kind"], row["score"]): row["mean"] for row in measure_ensemble([model, model], images)}
    assert found[DIGITS, INFORMATION] == pytest.approx(0, abs=1e-6)
    assert all(row["method"] == ENSEMBLE for row in measure_ensemble([model], images))


def test_networks_of_all_ensembles_make_the_same_number_of_steps() -> None:
    configs = [config for size in DOUBT_SIZES for config in ensemble_configs(size)]
    assert len({config.name for config in configs}) == len(configs)
    assert len({config.train_size * config.repeats * config.epochs for config in configs if config.train_size}) == 1
