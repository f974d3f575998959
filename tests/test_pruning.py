import pytest
import torch

from dropout_mnist.experiments.features import outgoing_norms
from dropout_mnist.experiments.pruning import AT_RANDOM, LARGEST_FIRST, pruned_probs, removal_ranks
from dropout_mnist.model import MLP


@pytest.mark.parametrize("scaled", [False, True])
def test_pruning_nothing_leaves_the_full_network(model: MLP, images: torch.Tensor, scaled: bool) -> None:
    ranks = removal_ranks(model, AT_RANDOM, seed=1)
    torch.testing.assert_close(pruned_probs(model, images, 0.0, ranks, scaled), model(images).softmax(dim=1))


def test_units_with_the_largest_weights_are_pruned_first(model: MLP) -> None:
    norms = outgoing_norms(model)
    for rank, norm in zip(removal_ranks(model, LARGEST_FIRST, seed=1), norms, strict=True):
        assert torch.equal(norm[rank.argsort()], norm.sort(descending=True).values)


def test_removal_ranks_cover_every_unit_and_depend_on_the_seed(model: MLP) -> None:
    one, again, other = (removal_ranks(model, AT_RANDOM, seed) for seed in (1, 1, 2))
    assert [sorted(ranks.tolist()) for ranks in one] == [list(range(32)), list(range(24))]
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_pruning_nearly_all_units_gives_every_image_the_same_answer(model: MLP, images: torch.Tensor) -> None:
    probs = pruned_probs(model, images, 0.99, removal_ranks(model, LARGEST_FIRST, seed=1), scaled=False)
    assert probs.std(dim=0).max() < 1e-6
