import pytest
import torch

from dropout_mnist.calibration import apply_temperature, fit_temperature
from dropout_mnist.evaluation import Evaluation
from dropout_mnist.model import MLP


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 2.5, 10.0])
def test_temperature_at_which_labels_were_drawn_is_found(temperature: float) -> None:
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(8_000, 10, generator=generator) * 3
    labels = torch.multinomial(honest.softmax(dim=1), 1, generator=generator).flatten()
    assert fit_temperature(honest * temperature, labels) == pytest.approx(temperature, rel=0.03)


def test_applied_temperature_divides_the_logits() -> None:
    model = MLP((8,)).eval()
    images = torch.rand(5, 784)
    before = model(images)
    apply_temperature(model, 2.5)
    assert torch.allclose(model(images), before / 2.5)


def test_calibration_error_of_honest_and_of_boastful_probabilities() -> None:
    # Ten answers of 80 %, eight of them right, and ten of 100 %, five of them right.
    probs = torch.zeros(20, 10)
    probs[:10, 0], probs[:10, 1] = 0.8, 0.2
    probs[10:, 0] = 1
    labels = torch.tensor([0] * 8 + [1] * 2 + [0] * 5 + [1] * 5)
    assert Evaluation(0.0, probs[:10], labels[:10]).calibration_error == pytest.approx(0, abs=1e-6)
    assert Evaluation(0.0, probs[10:], labels[10:]).calibration_error == pytest.approx(0.5)
    assert Evaluation(0.0, probs, labels).calibration_error == pytest.approx(0.25)
