"""Verdicts on differences, and how often they are right about networks whose accuracy is known."""

import math
import random

import pytest

from dropout_mnist.experiments.comparison import Comparison, Evidence


def sample(
    accuracies: tuple[float, float], *, seeds: int, images: int, spread: float, randomly: random.Random
) -> Comparison:
    """Draw the accuracies of pairs of networks: those of the seeds, and what test images measure of them."""

    def measure(accuracy: float) -> float:
        true = min(1.0, accuracy + randomly.gauss(0, spread))
        return sum(randomly.random() < true for _ in range(images)) / images

    without, with_dropout = ([measure(accuracy) for _ in range(seeds)] for accuracy in accuracies)
    return Comparison(without, with_dropout, images)


def test_one_pair_on_few_images_could_be_chance() -> None:
    comparison = Comparison([0.739], [0.764], 300)
    assert comparison.difference == pytest.approx(0.025)
    assert comparison.margin == pytest.approx(1.96 * math.sqrt((0.739 * 0.261 + 0.764 * 0.236) / 300), rel=0.01)
    assert comparison.evidence is Evidence.CHANCE


def test_one_seed_is_never_clear() -> None:
    assert Comparison([0.5], [0.9], 10_000).evidence is Evidence.ONE_SEED
    assert Comparison([0.9], [0.5], 10_000).evidence is Evidence.ONE_SEED


def test_several_seeds_that_agree_are_clear() -> None:
    comparison = Comparison([0.739, 0.731, 0.735, 0.742], [0.764, 0.759, 0.757, 0.767], 10_000)
    assert comparison.seeds == 4
    assert comparison.evidence is Evidence.CLEAR


def test_several_seeds_that_disagree_could_be_chance() -> None:
    comparison = Comparison([0.74, 0.74, 0.74], [0.75, 0.72, 0.80], 10_000)
    assert comparison.difference > 0
    assert comparison.evidence is Evidence.CHANCE


def test_seeds_that_agree_to_the_image_are_not_certain() -> None:
    assert Comparison([0.970] * 3, [0.97 + 1 / 300] * 3, 300).evidence is Evidence.CHANCE


def test_more_seeds_narrow_the_margin() -> None:
    margins = [Comparison([0.70, 0.72] * count, [0.75, 0.73] * count, 10_000).margin for count in (1, 2, 4)]
    assert margins == sorted(margins, reverse=True)


def test_perfect_accuracies_are_not_certain() -> None:
    assert Comparison([1.0], [1.0], 300).margin > 0
    assert Comparison([1.0], [0.995], 300).evidence is Evidence.CHANCE


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_networks_that_are_equally_good_are_called_different_in_at_most_five_percent(seeds: int) -> None:
    randomly = random.Random(1)
    # With one seed, nothing is known of the seeds' spread, and nothing is claimed about it.
    spread = 0.0 if seeds == 1 else 0.01
    verdicts = [
        sample((0.9, 0.9), seeds=seeds, images=200, spread=spread, randomly=randomly).evidence for _ in range(400)
    ]
    wrong = sum(verdict is not Evidence.CHANCE for verdict in verdicts) / len(verdicts)
    # 5% and three standard errors of this simulation.
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / len(verdicts))


def test_networks_that_differ_much_are_told_apart() -> None:
    randomly = random.Random(1)
    verdicts = [sample((0.7, 0.9), seeds=3, images=300, spread=0.01, randomly=randomly).evidence for _ in range(50)]
    assert verdicts.count(Evidence.CLEAR) >= 45


@pytest.mark.parametrize(("without", "with_dropout"), [([], []), ([0.5], []), ([0.5], [0.6, 0.7])])
def test_accuracies_come_in_pairs(without: list[float], with_dropout: list[float]) -> None:
    with pytest.raises(ValueError, match="in pairs"):
        Comparison(without, with_dropout, 100)
