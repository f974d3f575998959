import math

import pytest
import torch

from dropout_mnist.experiments import subnetworks
from dropout_mnist.experiments.subnetworks import LARGEST, RANDOM
from dropout_mnist.model import MLP


@pytest.fixture
def model() -> MLP:
    return MLP((32, 24), 0.5, torch.Generator().manual_seed(0)).eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(6, 784, generator=torch.Generator().manual_seed(1))


def test_nothing_dropped_is_the_full_network(model: MLP, images: torch.Tensor) -> None:
    full = model(images).softmax(dim=1)
    torch.testing.assert_close(subnetworks.thinned_probs(model, images, 0.0, seed=1), full)
    torch.testing.assert_close(subnetworks.thin_once(model, images[0], 0.0, seed=1).probs, full[0])
    places = subnetworks.removal_order(model, RANDOM, seed=1)
    torch.testing.assert_close(subnetworks.cut_probs(model, images, 0.0, places, scaled=True), full)


def test_the_shared_model_is_not_changed(model: MLP, images: torch.Tensor) -> None:
    before = model(images)
    subnetworks.thinned_probs(model, images, 0.5, seed=1)
    subnetworks.thin_once(model, images[0], 0.5, seed=1)
    assert not model.training
    torch.testing.assert_close(model(images), before, rtol=0, atol=0)


def test_same_seed_is_the_same_thinned_network(model: MLP, images: torch.Tensor) -> None:
    one, again, other = (subnetworks.thin_once(model, images[0], 0.5, seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one.kept, again.kept, strict=True))
    assert torch.equal(one.probs, again.probs)
    assert not all(torch.equal(a, b) for a, b in zip(one.kept, other.kept, strict=True))


def test_dropped_units_give_nothing_and_kept_ones_are_scaled(model: MLP, images: torch.Tensor) -> None:
    thinned = subnetworks.thin_once(model, images[0], 0.5, seed=3)
    assert [len(kept) for kept in thinned.kept] == [32, 24]
    full = subnetworks.activations(model, images[:1])[0][0]
    torch.testing.assert_close(thinned.activations[0], torch.where(thinned.kept[0], full * 2, 0.0))


def test_units_are_removed_in_order(model: MLP, images: torch.Tensor) -> None:
    norms = model.layers[3].weight.norm(dim=0)
    first, second = subnetworks.removal_order(model, LARGEST, seed=1)
    assert int((first == 0).nonzero()) == int(norms.argmax())
    assert sorted(first.tolist()) == list(range(32))
    assert sorted(second.tolist()) == list(range(24))
    nothing_left = subnetworks.cut_probs(model, images, 0.99, [first, second], scaled=False)
    assert nothing_left.std(dim=0).max() < 1e-6  # all images look alike


def test_entropy_and_mutual_information() -> None:
    sure = torch.eye(10)[torch.tensor([3, 3, 3, 3])]
    assert float(subnetworks.predictive_entropy(sure)) == pytest.approx(0)
    assert float(subnetworks.mutual_information(sure)) == pytest.approx(0)
    at_odds = torch.eye(10)[torch.tensor([3, 5, 3, 5])]
    assert float(subnetworks.predictive_entropy(at_odds)) == pytest.approx(math.log(2))
    assert float(subnetworks.mutual_information(at_odds)) == pytest.approx(math.log(2))
    undecided = torch.full((4, 10), 0.1)
    assert float(subnetworks.predictive_entropy(undecided)) == pytest.approx(math.log(10))
    assert float(subnetworks.mutual_information(undecided)) == pytest.approx(0, abs=1e-6)


def test_features_come_with_the_weightiest_first(model: MLP) -> None:
    features = subnetworks.first_layer_features(model)
    assert features.shape == (32, 784)
    strongest = int(model.layers[3].weight.norm(dim=0).argmax())
    assert torch.equal(features[0], model.layers[0].weight[strongest])
