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


DIGIT_ROWS = torch.arange(28, dtype=torch.float32)


def center(images: torch.Tensor) -> torch.Tensor:
    """Return the centers of mass, (N, 2): column and row."""
    square = images.reshape(-1, 28, 28)
    mass = square.sum(dim=(1, 2))
    return torch.stack([(square.sum(dim=axis) * DIGIT_ROWS).sum(dim=1) / mass for axis in (1, 2)], dim=1)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_noise_has_the_stated_deviation(severity: int) -> None:
    # On gray, so that little is clipped; the rest is symmetric.
    changes = corrupt(torch.full((200, 784), 0.5), "noise", severity, 1) - 0.5
    unclipped = (torch.randn(100_000, generator=torch.Generator().manual_seed(2)) * 0.1 * severity).clamp(-0.5, 0.5)
    assert float(changes.std()) == pytest.approx(float(unclipped.std()), rel=0.02)
    assert float(changes.mean()) == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("severity", [2, 3, 4, 5])
def test_blur_has_the_stated_deviation_in_both_directions(severity: int) -> None:
    dot = torch.zeros(1, 28, 28)
    dot[0, 14, 14] = 1
    blurred = corrupt(dot.reshape(1, 784), "blur", severity, 1).reshape(28, 28)
    assert float(blurred.sum()) == pytest.approx(1, abs=0.001)
    for axis in (0, 1):
        variance = (blurred.sum(dim=axis) * (DIGIT_ROWS - 14) ** 2).sum()
        assert float(variance.sqrt()) == pytest.approx(0.5 * severity, rel=0.03)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_occlusion_is_a_square_of_the_stated_size_inside_the_image(severity: int) -> None:
    covered = corrupt(torch.ones(300, 784), "occlusion", severity, 1).reshape(-1, 28, 28) == 0
    heights, widths = covered.any(dim=2).sum(dim=1), covered.any(dim=1).sum(dim=1)
    assert torch.equal(covered.sum(dim=(1, 2)), heights * widths)
    for sides in (heights, widths):
        assert float(sides.float().median()) in (3 * severity, 3 * severity + 1)
    middles = center(covered.float())
    assert float(middles.min()) >= 7
    assert float(middles.max()) <= 20
    assert len(middles.unique(dim=0)) > 50


@pytest.mark.parametrize("severity", SEVERITIES)
def test_shift_has_the_stated_length_and_any_direction(severity: int) -> None:
    square = torch.zeros(200, 28, 28)
    square[:, 11:17, 11:17] = 1
    moves = center(corrupt(square.reshape(-1, 784), "shift", severity, 1)) - center(square)
    assert moves.norm(dim=1).tolist() == pytest.approx([1.5 * severity] * 200, rel=0.02)
    quadrants = (moves[:, 0] > 0) * 2 + (moves[:, 1] > 0)
    assert torch.bincount(quadrants.long(), minlength=4).min() > 25


@pytest.mark.parametrize("severity", SEVERITIES)
def test_strokes_get_half_a_pixel_wider_on_each_side_per_severity(severity: int, images: torch.Tensor) -> None:
    row = corrupt(images, "thickness", severity, 1).reshape(-1, 28, 28)[0, 14]
    assert float(row.sum()) == pytest.approx(3 + severity)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_contrast_falls_evenly_and_the_brightness_stays(severity: int, images: torch.Tensor) -> None:
    faded = corrupt(images, "contrast", severity, 1)
    torch.testing.assert_close(faded.mean(dim=1), images.mean(dim=1))
    torch.testing.assert_close(faded.std(dim=1), images.std(dim=1) * (1 - 0.18 * severity))


@pytest.mark.parametrize("name", ["noise", "occlusion", "shift"])
def test_another_seed_gives_other_images(name: str, images: torch.Tensor) -> None:
    assert not torch.equal(corrupt(images, name, 3, 1), corrupt(images, name, 3, 2))
