import math

import pytest
import torch

from dropout_mnist.experiments import subnetworks
from dropout_mnist.model import MLP


def test_thinned_network_without_dropout_is_the_full_network(model: MLP, images: torch.Tensor) -> None:
    full = model(images).softmax(dim=1)
    torch.testing.assert_close(subnetworks.thinned_probs(model, images, 0.0, seed=1), full)
    torch.testing.assert_close(subnetworks.sample_thinned_network(model, images[0], 0.0, seed=1).probs, full[0])


def test_thinned_networks_leave_the_shared_model_unchanged(model: MLP, images: torch.Tensor) -> None:
    before = model(images)
    subnetworks.thinned_probs(model, images, 0.5, seed=1)
    subnetworks.sample_thinned_network(model, images[0], 0.5, seed=1)
    assert not model.training
    torch.testing.assert_close(model(images), before, rtol=0, atol=0)


def test_same_seed_gives_the_same_thinned_network(model: MLP, images: torch.Tensor) -> None:
    one, again, other = (subnetworks.sample_thinned_network(model, images[0], 0.5, seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one.kept, again.kept, strict=True))
    assert torch.equal(one.probs, again.probs)
    assert not all(torch.equal(a, b) for a, b in zip(one.kept, other.kept, strict=True))


def test_dropped_units_are_zero_and_kept_units_are_scaled(model: MLP, images: torch.Tensor) -> None:
    thinned = subnetworks.sample_thinned_network(model, images[0], 0.5, seed=3)
    assert [len(kept) for kept in thinned.kept] == [32, 24]
    full = subnetworks.hidden_activations(model, images[:1])[0][0]
    torch.testing.assert_close(thinned.activations[0], torch.where(thinned.kept[0], full * 2, 0.0))


def test_entropy_and_mutual_information_of_known_distributions() -> None:
    sure = torch.eye(10)[torch.tensor([3, 3, 3, 3])]
    assert float(subnetworks.predictive_entropy(sure)) == pytest.approx(0)
    assert float(subnetworks.mutual_information(sure)) == pytest.approx(0)
    at_odds = torch.eye(10)[torch.tensor([3, 5, 3, 5])]
    assert float(subnetworks.predictive_entropy(at_odds)) == pytest.approx(math.log(2))
    assert float(subnetworks.mutual_information(at_odds)) == pytest.approx(math.log(2))
    undecided = torch.full((4, 10), 0.1)
    assert float(subnetworks.predictive_entropy(undecided)) == pytest.approx(math.log(10))
    assert float(subnetworks.mutual_information(undecided)) == pytest.approx(0, abs=1e-6)
