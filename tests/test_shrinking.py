import pytest
import torch

from dropout_mnist.experiments.features import linear_layers
from dropout_mnist.experiments.pruning import AT_RANDOM, SMALLEST_FIRST, pruned_probs, removal_ranks
from dropout_mnist.experiments.shrinking import ORDERS, PARTS, UNITS, WEIGHTS, file_bytes, keep
from dropout_mnist.model import MLP


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("order", ORDERS)
def test_keeping_everything_changes_nothing(model: MLP, images: torch.Tensor, part: str, order: str) -> None:
    torch.testing.assert_close(keep(model, part, 1.0, order, seed=1)(images), model(images))


@pytest.mark.parametrize(("order", "scaled"), [(SMALLEST_FIRST, False), (AT_RANDOM, True)])
def test_network_of_fewer_units_answers_like_one_with_masked_units(
    model: MLP, images: torch.Tensor, order: str, scaled: bool
) -> None:
    small = keep(model, UNITS, 0.5, order, seed=1)
    masked = pruned_probs(model, images, 0.5, removal_ranks(model, order, seed=1), scaled)
    torch.testing.assert_close(small(images).softmax(dim=1), masked)
    assert [layer.out_features for layer in linear_layers(small)] == [16, 12, 10]


def test_smallest_weights_of_each_layer_go_first(model: MLP) -> None:
    small = keep(model, WEIGHTS, 0.25, SMALLEST_FIRST, seed=1)
    for layer, full in zip(linear_layers(small), linear_layers(model), strict=True):
        kept = layer.weight != 0
        assert kept.float().mean() == pytest.approx(0.25, abs=0.01)
        assert torch.equal(layer.weight[kept], full.weight[kept])
        assert full.weight[kept].abs().min() > full.weight[~kept].abs().max()


def test_bytes_are_those_of_the_numbers_and_of_a_bit_for_each_weight(model: MLP) -> None:
    numbers = sum(parameter.numel() for parameter in model.parameters())
    weights = sum(layer.weight.numel() for layer in linear_layers(model))
    assert file_bytes(model) == 4 * numbers
    half = file_bytes(keep(model, WEIGHTS, 0.5, SMALLEST_FIRST, seed=1))
    assert half == pytest.approx(4 * (numbers - weights / 2) + weights / 8, abs=20)
    assert file_bytes(keep(model, UNITS, 0.5, SMALLEST_FIRST, seed=1)) < half


def test_unknown_part_is_refused(model: MLP) -> None:
    with pytest.raises(ValueError, match="part must be one of units, weights"):
        keep(model, "layers", 0.5, AT_RANDOM, seed=1)
