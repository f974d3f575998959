"""The recipes that prepare training images."""

import pytest
import torch
from torch import Tensor

from dropout_mnist.augmentation.distortion import distort
from dropout_mnist.augmentation.non_digits import make_non_digits
from dropout_mnist.augmentation.recipes import NON_DIGIT_SHARE, augment, prepare_augmented, prepare_plain
from dropout_mnist.augmentation.writing_styles import restyle
from dropout_mnist.data.datasets import Dataset, Split


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images(digits: Dataset) -> Tensor:
    return digits.train.pixels[:500].reshape(-1, 28, 28) / 255


def assert_images(images: Tensor, shape: tuple[int, ...]) -> None:
    assert images.shape == shape
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 1


def test_plain_recipe_changes_nothing(digits: Dataset) -> None:
    images, targets = prepare_plain(digits.train, seeded())
    assert torch.equal(images, digits.train.pixels / 255)
    assert targets is digits.train.labels


def test_augmented_targets_are_one_hot_or_uniform(digits: Dataset) -> None:
    images, targets = prepare_augmented(digits.train, seeded())
    assert_images(images, (len(digits.train), 784))
    assert torch.allclose(targets.sum(dim=1), torch.ones(len(targets)))
    certain = targets.amax(dim=1) == 1
    assert torch.equal(targets[certain].argmax(dim=1), digits.train.labels[certain])
    assert torch.all(targets[~certain] == 0.1)
    assert (~certain).float().mean() == pytest.approx(NON_DIGIT_SHARE, abs=0.03)


@pytest.mark.parametrize("prepare", [prepare_augmented, lambda split, random: (augment(split, random), split.labels)])
def test_variations_depend_on_the_generator_alone(prepare, digits: Dataset) -> None:  # type: ignore[no-untyped-def]
    split = digits.train[:50]
    generator = seeded()
    first, second, again = (prepare(split, random)[0] for random in (generator, generator, seeded()))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


def test_augmentation_does_not_modify_its_input(images: Tensor, digits: Dataset) -> None:
    before, labels = images.clone(), digits.train.labels[:500]
    restyle(images, labels, seeded())
    make_non_digits(images, labels, seeded())
    distort(images, seeded())
    assert torch.equal(images, before)


def test_distortion_roughly_keeps_the_amount_of_ink(images: Tensor) -> None:
    distorted = distort(images, seeded())
    assert_images(distorted, images.shape)
    ratio = distorted.sum(dim=(1, 2)) / images.sum(dim=(1, 2))
    assert ratio.quantile(0.01) > 0.3
    assert ratio.quantile(0.99) < 2.5


def test_a_share_of_the_digits_with_styles_is_restyled(images: Tensor, digits: Dataset) -> None:
    labels = digits.train.labels[:500]
    restyled = restyle(images, labels, seeded())
    assert_images(restyled, images.shape)
    changed = (restyled != images).any(dim=2).any(dim=1)
    for digit in range(10):
        share = changed[labels == digit].float().mean().item()
        assert share == 0 if digit in (2, 3, 6) else 0.05 < share < 0.8


def test_bar_adds_ink_and_open_eight_has_less(images: Tensor, digits: Dataset) -> None:
    labels = digits.train.labels[:500]
    restyled = restyle(images, labels, seeded())
    changed = (restyled != images).any(dim=2).any(dim=1)
    more = (restyled > 0.5).sum(dim=(1, 2)) / (images > 0.5).sum(dim=(1, 2))
    assert more[changed & (labels == 7)].mean() > 1.05
    assert more[changed & (labels == 8)].mean() < 1


def test_restyled_digits_are_cropped_and_centered_like_mnist(images: Tensor, digits: Dataset) -> None:
    labels = digits.train.labels[:500]
    restyled = restyle(images, labels, seeded())
    changed = restyled[(restyled != images).any(dim=2).any(dim=1)]
    positions = torch.arange(28.0)
    mass = changed.sum(dim=(1, 2))
    for dim in (1, 2):
        center = (changed.sum(dim=dim) * positions).sum(dim=1) / mass
        assert (center - 14).abs().max() < 1
    inked = changed > 0.1
    sides = torch.stack([inked.any(dim=dim).sum(dim=1) for dim in (1, 2)]).amax(dim=0).float()
    assert sides.quantile(0.05) >= 18  # bilinear sampling thins out a few
    assert sides.max() <= 22


def test_non_digits_differ_from_their_source_images(images: Tensor, digits: Dataset) -> None:
    made = make_non_digits(images, digits.train.labels[:500], seeded())
    assert_images(made, images.shape)
    assert (made - images).abs().mean(dim=(1, 2)).quantile(0.05) > 0.02
    assert (made.sum(dim=(1, 2)) > 5).all()


def test_one_image_or_none_can_be_prepared(digits: Dataset) -> None:
    for count in (0, 1):
        split: Split = digits.train[:count]
        images, targets = prepare_augmented(split, seeded())
        assert images.shape == (count, 784)
        assert targets.shape == (count, 10)
