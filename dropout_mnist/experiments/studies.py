"""The studies behind the shipped measurements: what is trained and measured for each folder of `measurements/`.

`python -m benchmarks.measure` makes all of them again.
"""

from dataclasses import dataclass

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import FULL_SIZES

_TWO_WIDTHS = "--hidden-sizes 32x32x32x32 512x512x512x512"
_WIDTHS = " ".join("x".join([str(width)] * 4) for width in (32, 64, 128, 256, 512, 1024, 2048))


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study.

    Attributes:
        sweeps: the options of the `dropout-mnist sweep` commands that it consists of.
        more: whether `python -m benchmarks.measure` adds something to them that no sweep can measure.
    """

    sweeps: tuple[str, ...] = ()
    more: bool = False


# By the folder's name.
STUDIES = {
    "networks": Study(sweeps=("--drop-prob 0 0.3 0.5 --seeds 1 2 3 --measure averaging pruning activations",)),
    "rate": Study(sweeps=("--drop-prob 0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 --seeds 1 2 3",)),
    "train_size": Study(
        # There are five seeds of the smallest training sets.
        sweeps=(
            "--drop-prob 0 0.5 --train-size 100 500 1000 5000 10000 60000 --equal-steps --seeds 1 2 3",
            "--drop-prob 0 0.5 --train-size 100 500 1000 --equal-steps --seeds 4 5",
        )
    ),
    "wrong_labels": Study(
        sweeps=(
            "--label-noise 0 0.2 0.4 0.6 0.8 --drop-prob 0 0.3 0.5 --train-size 10000 --epochs 60 --seeds 1 2 3",
            "--label-noise 0.4 --drop-prob 0 0.3 0.5 --train-size 10000 --epochs 60 --seeds 4 5",
        )
    ),
    "width": Study(sweeps=(f"--drop-prob 0 0.3 0.5 --hidden-sizes {_WIDTHS} --seeds 1 2 3",)),
    # The best setting of each method is chosen on held-out images: of 1,000 images the others are left, and instead of
    # all of them, for this only, the networks have 50,000. Early stopping is a smaller number of epochs.
    "regularizers": Study(
        sweeps=tuple(
            f"{options} --train-size {sizes} --equal-steps --seeds {seeds} --measure held_out"
            for sizes, seeds in (("1000 60000", "1 2 3"), ("50000", "1"))
            for options in (
                "--drop-prob 0 --weight-decay 0 0.01 0.1",
                "--drop-prob 0.2 0.5 --dropout-kind bernoulli gaussian",
                *(f"--drop-prob 0 --epochs {epochs}" for epochs in (1, 2, 5, 10)),
            )
        )
    ),
    "schedule": Study(
        sweeps=(
            f"--drop-prob 0 0.5 {_TWO_WIDTHS} --seeds 1 2 3",
            f"--drop-prob 0.5 --last-dropout-epoch 5 {_TWO_WIDTHS} --seeds 1 2 3",
            f"--drop-prob 0.5 --first-dropout-epoch 11 {_TWO_WIDTHS} --seeds 1 2 3",
        )
    ),
    # The shipped augmented network is added to the table.
    "corruptions": Study(sweeps=("--drop-prob 0 0.3 0.5 --seeds 1 2 3 --measure corruptions",), more=True),
    "small": Study(sweeps=("--drop-prob 0 0.3 0.5 --seeds 1 2 3 --measure small",)),
    # An ensemble is measured as a whole, which no sweep can.
    "doubt": Study(more=True),
}

# Of the study `doubt`.
DOUBT_DROP_PROB = 0.5
DOUBT_SIZES = (100, 1_000, 5_000, FULL_SIZES["mnist"])
ENSEMBLE_SIZE = 5
# Of all training images, or as many steps: few, so that one run can be repeated while one waits.
_DOUBT_EPOCHS = 5


def ensemble_configs(train_size: int) -> list[TrainConfig]:
    """Return the networks of an ensemble, which makes the same number of steps with any number of training images."""
    return [
        TrainConfig(
            drop_prob=DOUBT_DROP_PROB,
            train_size=train_size,
            repeats=FULL_SIZES["mnist"] // train_size,
            epochs=_DOUBT_EPOCHS,
            seed=seed,
        )
        for seed in range(1, ENSEMBLE_SIZE + 1)
    ]
