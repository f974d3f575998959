import math

import pytest
import torch

from dropout_mnist.experiments import subnetworks
from dropout_mnist.model import MLP


def test_thinned_network_without_dropout_is_the_full_network(model: MLP, images: torch.Tensor) -> None:
    full = model(images).softmax(dim=1)
    torch.testing.assert_close(subnetworks.thinned_probs(model, images, 0.0, seed=1), full)


def test_thinned_networks_leave_the_shared_model_unchanged(model: MLP, images: torch.Tensor) -> None:
    before = model(images)
    subnetworks.thinned_probs(model, images, 0.5, seed=1)
    assert not model.training
    torch.testing.assert_close(model(images), before, rtol=0, atol=0)


def test_same_seed_gives_the_same_thinned_networks(model: MLP, images: torch.Tensor) -> None:
    one, again, other = (subnetworks.thinned_probs(model, images, 0.5, seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_hook_replaces_the_activations_of_each_hidden_layer(model: MLP, images: torch.Tensor) -> None:
    seen: list[tuple[int, int]] = []

    def drop_all(number: int, activations: torch.Tensor) -> torch.Tensor:
        seen.append((number, activations.shape[1]))
        return torch.zeros_like(activations)

    logits = subnetworks.forward(model, images, drop_all)
    assert seen == [(0, 32), (1, 24)]
    torch.testing.assert_close(logits, model.layers[-1].bias.expand(6, 10))


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
