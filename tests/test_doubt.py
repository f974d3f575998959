import pytest
import torch

from dropout_mnist.data.datasets import Dataset
from dropout_mnist.evaluation import compute_logits
from dropout_mnist.experiments.doubt import (
    DIGITS,
    ENSEMBLE,
    HIGHEST,
    INFORMATION,
    PASSES,
    SINGLE,
    THINNED,
    make_images,
    measure_ensemble,
    measure_network,
    thin,
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


def test_area_is_how_often_a_non_digit_is_doubted_more_than_a_digit(digits: Dataset) -> None:
    model = MLP((16,), drop_prob=0.5, generator=torch.Generator().manual_seed(1)).eval()
    images = make_images(digits.test, 30)
    doubts = {kind: 1 - compute_logits(model, pixels).softmax(dim=1).amax(dim=1) for kind, pixels in images.items()}
    rows = [row for row in measure_network(model, 0.5, images) if (row["method"], row["score"]) == (SINGLE, HIGHEST)]
    assert [row["kind"] for row in rows] == [DIGITS, *KINDS]
    for row in rows:
        assert row["images"] == 30
        assert row["mean"] == pytest.approx(float(doubts[row["kind"]].mean()))
        if row["kind"] != DIGITS:
            wins = (doubts[row["kind"]][:, None] > doubts[DIGITS]).double().mean()
            assert row["auroc"] == pytest.approx(float(wins), abs=0.002)


def test_thinned_networks_of_an_image_follow_its_dropout(digits: Dataset) -> None:
    model = MLP((16,), drop_prob=0.5, generator=torch.Generator().manual_seed(1)).eval()
    pixels = digits.test.pixels[:3]
    passes = thin(model, 0.5, pixels)
    assert passes.shape == (PASSES, 3, 10)
    torch.testing.assert_close(passes.sum(dim=2), torch.ones(PASSES, 3))
    assert len(passes[:, 0].unique(dim=0)) > PASSES / 2
    whole = compute_logits(model, pixels).softmax(dim=1)
    torch.testing.assert_close(thin(model, 0.0, pixels), whole.expand(PASSES, 3, 10))


def test_digits_are_chosen_evenly(digits: Dataset) -> None:
    chosen = make_images(digits.test, 10)[DIGITS]
    step = len(digits.test) // 10
    assert torch.equal(chosen, digits.test.pixels[::step][:10])
    # All of them where there are fewer than that.
    assert len(make_images(digits.test[:4], 10)[DIGITS]) == 4


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != TURNED])
def test_non_digits_follow_their_seed_and_differ_from_each_other(digits: Dataset, kind: str) -> None:
    one, again, other = (make_non_digits(kind, digits.test, 8, seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert len(one.unique(dim=0)) == 8
    assert one.amax(dim=1).min() > 200


def test_noise_is_uniform(digits: Dataset) -> None:
    noise = make_non_digits(NOISE, digits.test, 100).double()
    assert (noise.min(), noise.max()) == (0, 255)
    assert float(noise.mean()) == pytest.approx(127.5, abs=1)
