import pytest
import torch

from dropout_mnist.data.datasets import CHECKSUMS, Dataset, load_dataset
from dropout_mnist.preprocessing.inputs import scale


def test_scale_maps_0_to_255_onto_0_to_1() -> None:
    images = scale(torch.tensor([[0, 51, 255]], dtype=torch.uint8))
    assert images.dtype == torch.float32
    assert torch.allclose(images, torch.tensor([[0.0, 0.2, 1.0]]))


def test_digits_have_a_fixed_split(digits: Dataset) -> None:
    assert (len(digits.train), len(digits.test)) == (1497, 300)
    assert load_dataset("digits").checksum == digits.checksum == CHECKSUMS["digits"]


def test_digits_are_made_as_mnist_was(digits: Dataset) -> None:
    squares = digits.train.pixels.reshape(-1, 28, 28)
    assert squares.dtype == torch.uint8
    rows, columns = (squares > 0).any(dim=2).sum(dim=1), (squares > 0).any(dim=1).sum(dim=1)
    assert bool((torch.maximum(rows, columns) <= 20).all())
    mass = squares.double().sum(dim=(1, 2))
    centres = squares.double().sum(dim=2) @ torch.arange(28.0).double() / mass
    assert float((centres - 14).abs().max()) <= 0.5 + 1e-9


def test_mnist_is_held_as_uint8_in_55_megabytes(mnist_folder: object) -> None:
    dataset = load_dataset("mnist")
    assert (len(dataset.train), len(dataset.test)) == (60_000, 10_000)
    splits = (dataset.train, dataset.test)
    assert all(split.pixels.dtype == torch.uint8 and split.labels.dtype == torch.int64 for split in splits)
    assert sum(split.pixels.nbytes + split.labels.nbytes for split in splits) < 56e6
    assert dataset.train.labels[:5].tolist() == [5, 0, 4, 1, 9]


def test_unknown_data_set_is_refused() -> None:
    with pytest.raises(ValueError, match="no data set 'cifar'; choose one of mnist, digits"):
        load_dataset("cifar")
