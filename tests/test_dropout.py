"""Our Dropout against torch.nn.Dropout: the same distribution, from a generator of its own."""

import pytest
import torch
from scipy import stats

from dropout_mnist.dropout import KINDS, Dropout, GaussianDropout

RATES = (0.1, 0.3, 0.5, 0.9)

# Seeds are fixed, so these tests do not fail by chance; a wrong distribution falls far below the level.
SIGNIFICANCE = 1e-4


def seeded(drop_prob: float, seed: int = 7) -> Dropout:
    return Dropout(drop_prob, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("drop_prob", RATES)
def test_drop_rate_is_binomial(drop_prob: float) -> None:
    dropped = int((seeded(drop_prob)(torch.ones(1000, 1000)) == 0).sum())
    assert stats.binomtest(dropped, 1_000_000, drop_prob).pvalue > SIGNIFICANCE


@pytest.mark.parametrize("drop_prob", RATES)
def test_drops_in_each_row_follow_the_binomial_distribution(drop_prob: float) -> None:
    units, rows = 20, 20_000
    drops = (seeded(drop_prob)(torch.ones(rows, units)) == 0).sum(dim=1)
    observed = torch.bincount(drops, minlength=units + 1).numpy()
    expected = stats.binom.pmf(range(units + 1), units, drop_prob) * rows
    common = expected >= 5
    observed = [*observed[common], observed[~common].sum()]
    expected = [*expected[common], expected[~common].sum()]
    if expected[-1] == 0:
        observed, expected = observed[:-1], expected[:-1]
    assert stats.chisquare(observed, expected, sum_check=False).pvalue > SIGNIFICANCE


@pytest.mark.parametrize("drop_prob", RATES)
def test_values_mean_and_variance_are_torchs(drop_prob: float) -> None:
    activations = torch.rand(500_000, generator=torch.Generator().manual_seed(1)) + 0.5
    ours = seeded(drop_prob)(activations)
    torch.manual_seed(3)
    theirs = torch.nn.Dropout(drop_prob)(activations)
    both_kept = (ours != 0) & (theirs != 0)
    assert torch.allclose(ours[both_kept], theirs[both_kept])
    # The same units are not dropped, so the two are samples of one distribution: Welch's t for the mean,
    # Brown and Forsythe's test for the spread.
    assert stats.ttest_ind(ours.numpy(), theirs.numpy(), equal_var=False).pvalue > SIGNIFICANCE
    assert stats.levene(ours.numpy(), theirs.numpy()).pvalue > SIGNIFICANCE
    assert stats.ttest_1samp((ours - activations).numpy(), 0).pvalue > SIGNIFICANCE


@pytest.mark.parametrize("drop_prob", RATES)
def test_gradient_is_the_mask_over_the_keep_probability(drop_prob: float) -> None:
    activations = torch.ones(100, 100, requires_grad=True)
    output = seeded(drop_prob)(activations)
    output.sum().backward()
    assert activations.grad is not None
    assert torch.equal(activations.grad, output.detach())
    kept = activations.grad[activations.grad != 0]
    assert torch.allclose(kept, torch.tensor(1 / (1 - drop_prob)))


def test_nothing_is_dropped_at_p_0() -> None:
    activations = torch.rand(10, 10)
    assert seeded(0.0)(activations) is activations


def test_dropout_is_identity_in_eval() -> None:
    activations = torch.rand(10, 10)
    assert seeded(0.9).eval()(activations) is activations


@pytest.mark.parametrize("drop_prob", [1.0, -0.1, 1.5, float("nan")])
def test_probability_outside_0_to_1_is_refused(drop_prob: float) -> None:
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        Dropout(drop_prob)


def test_masks_do_not_depend_on_torchs_global_generator() -> None:
    first = seeded(0.5)(torch.ones(100))
    torch.manual_seed(99)
    torch.rand(5)
    assert torch.equal(seeded(0.5)(torch.ones(100)), first)


def test_seeding_again_replays_the_same_thinned_network() -> None:
    dropout = seeded(0.5)
    assert dropout.generator is not None
    first, second = dropout(torch.ones(50)), dropout(torch.ones(50))
    assert not torch.equal(first, second)
    dropout.generator.manual_seed(7)
    assert torch.equal(dropout(torch.ones(50)), first)


@pytest.mark.parametrize("shape", [(1,), (3, 5), (7, 1, 3)])
def test_mask_has_the_shape_of_the_activations(shape: tuple[int, ...]) -> None:
    activations = torch.ones(shape)
    assert seeded(0.5).draw_mask(activations).shape == shape
    assert seeded(0.5)(activations).shape == shape


def test_activations_of_low_precision_keep_it() -> None:
    output = seeded(0.3)(torch.ones(1000, dtype=torch.bfloat16))
    assert output.dtype == torch.bfloat16
    assert set(output.float().unique().tolist()) == {0.0, torch.tensor(1 / 0.7, dtype=torch.bfloat16).item()}


@pytest.mark.parametrize("drop_prob", [1e-9, 0.5, 0.99, 0.9999, 0.99999, 0.999999])
def test_expected_value_is_kept_at_any_drop_prob(drop_prob: float) -> None:
    units = 20_000_000
    kept = int(seeded(drop_prob).draw_mask(torch.ones(units)).sum())
    assert stats.binomtest(kept, units, 1 - drop_prob).pvalue > SIGNIFICANCE


def test_nearly_every_unit_is_dropped_next_to_1() -> None:
    assert not seeded(1 - 2**-53).draw_mask(torch.ones(1_000_000)).any()


@pytest.mark.parametrize("drop_prob", RATES)
def test_gaussian_factors_are_normal_with_the_mean_and_variance_of_bernoulli_ones(drop_prob: float) -> None:
    factors = GaussianDropout(drop_prob, torch.Generator().manual_seed(7))(torch.ones(100_000)).numpy()
    deviation = (drop_prob / (1 - drop_prob)) ** 0.5
    assert stats.kstest(factors, stats.norm(1, deviation).cdf).pvalue > SIGNIFICANCE
    bernoulli = seeded(drop_prob)(torch.ones(100_000)).numpy()
    assert stats.ttest_ind(factors, bernoulli, equal_var=False).pvalue > SIGNIFICANCE
    assert factors.var() == pytest.approx(bernoulli.var(), rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_dropout_is_identity_in_eval_and_without_dropout(kind: str) -> None:
    activations = torch.rand(10, 10)
    assert torch.equal(KINDS[kind](0.5).eval()(activations), activations)
    assert torch.equal(KINDS[kind](0.0).train()(activations), activations)


def test_gaussian_dropout_replays_with_its_generator() -> None:
    first, again = (GaussianDropout(0.5, torch.Generator().manual_seed(3))(torch.ones(50)) for _ in range(2))
    assert torch.equal(first, again)
