import pytest
import torch

from dropout_mnist.experiments.corruptions import CORRUPTIONS, SEVERITIES, corrupt


@pytest.fixture
def images() -> torch.Tensor:
    """Vertical strokes, three pixels wide."""
    square = torch.zeros(5, 28, 28)
    square[:, 6:22, 12:15] = 1
    return square.reshape(5, 784)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corruption_grows_with_its_severity(name: str, images: torch.Tensor) -> None:
    distances = [float((corrupt(images, name, severity, 1) - images).norm()) for severity in (0, *SEVERITIES)]
    assert distances[0] == 0
    assert distances == sorted(distances)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupted_images_stay_in_range_and_are_reproducible(name: str, images: torch.Tensor) -> None:
    found = corrupt(images, name, 5, 1)
    assert found.shape == images.shape
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    assert torch.equal(found, corrupt(images, name, 5, 1))


def test_thicker_strokes_have_more_ink_and_blur_keeps_it(images: torch.Tensor) -> None:
    assert corrupt(images, "thickness", 2, 1).sum() > images.sum()
    torch.testing.assert_close(corrupt(images, "blur", 2, 1).sum(), images.sum())


def test_unknown_corruptions_and_severities_are_refused(images: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="corruption must be one of noise, blur"):
        corrupt(images, "rain", 1, 1)
    with pytest.raises(ValueError, match="severity must be 0 to 5"):
        corrupt(images, "noise", 6, 1)
