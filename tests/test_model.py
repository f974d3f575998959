import torch
from scipy import stats
from torch import nn

from dropout_mnist.dropout import Dropout
from dropout_mnist.model import MLP


def seeded(**options: object) -> MLP:
    return MLP(generator=torch.Generator().manual_seed(5), **options)  # type: ignore[arg-type]


def test_architecture_is_the_notebooks() -> None:
    kinds = [type(layer) for layer in seeded().layers]
    assert kinds == [nn.Linear, nn.ReLU, Dropout] * 4 + [nn.Linear]
    shapes = [tuple(layer.weight.shape) for layer in seeded().layers if isinstance(layer, nn.Linear)]
    assert shapes == [(512, 784), (512, 512), (512, 512), (512, 512), (10, 512)]


def test_logits_have_one_column_a_digit() -> None:
    assert seeded(hidden_sizes=(16,))(torch.rand(3, 784)).shape == (3, 10)


def test_weights_are_xavier_uniform_and_biases_pytorchs() -> None:
    layer = seeded().layers[0]
    assert isinstance(layer, nn.Linear)
    bound = (6 / (784 + 512)) ** 0.5
    weights = layer.weight.detach().flatten().numpy()
    assert stats.kstest(weights, stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-3
    bias_bound = 784**-0.5
    assert stats.kstest(layer.bias.detach().numpy(), stats.uniform(-bias_bound, 2 * bias_bound).cdf).pvalue > 1e-3


def test_same_seed_gives_same_weights_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    expected_next = torch.rand(1)
    torch.manual_seed(0)
    one, two = seeded(), seeded()
    assert torch.equal(torch.rand(1), expected_next)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
