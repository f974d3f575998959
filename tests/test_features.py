import torch

from dropout_mnist.experiments.features import first_layer_features
from dropout_mnist.model import MLP


def test_features_are_sorted_by_the_weights_to_the_next_layer() -> None:
    model = MLP((32, 24), 0.5, torch.Generator().manual_seed(0))
    features = first_layer_features(model)
    assert features.shape == (32, 784)
    strongest = int(model.layers[3].weight.norm(dim=0).argmax())
    assert torch.equal(features[0], model.layers[0].weight[strongest])
