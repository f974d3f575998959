"""Compare test accuracies with and without dropout, and say how much of the difference could be chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from statistics import NormalDist, fmean, stdev

# Of the interval around a difference.
CONFIDENCE = 0.95


class Evidence(Enum):
    """How far a difference can be relied on."""

    CHANCE = "could be chance"
    ONE_SEED = "more than the chance of the test images, but measured with one seed only"
    CLEAR = "more than chance"


@dataclass(frozen=True)
class Comparison:
    """Test accuracies of networks that differ in their dropout only, in pairs that share their seed.

    Two things vary by chance: which test images there are, and the seed, which decides initial weights, order of the
    images and, if there are few, which training images. The first is known from the number of test images, the second
    only from several seeds.

    Attributes:
        without, with_dropout: test accuracies, as fractions, in the order of the seeds.
        test_images: how many they were measured on; the same for all.

    Raises:
        ValueError: there is no pair, or an accuracy has no partner.
    """

    without: Sequence[float]
    with_dropout: Sequence[float]
    test_images: int

    def __post_init__(self) -> None:
        if not self.without or len(self.without) != len(self.with_dropout):
            counts = f"{len(self.without)} without and {len(self.with_dropout)} with dropout"
            raise ValueError(f"accuracies must come in pairs, not {counts}")

    @property
    def seeds(self) -> int:
        """The number of pairs."""
        return len(self.without)

    @property
    def means(self) -> tuple[float, float]:
        """The mean test accuracies without and with dropout."""
        return fmean(self.without), fmean(self.with_dropout)

    @property
    def difference(self) -> float:
        """How much more of the test images is recognized with dropout, as a fraction; the mean over seeds."""
        without, with_dropout = self.means
        return with_dropout - without

    @cached_property
    def margin(self) -> float:
        """Half the width of the 95% confidence interval of the difference, as a fraction.

        With one seed, it covers the chance of the test images only, as if each network had test images of its own: it
        is too wide rather than too narrow. With several seeds, it covers the chance of the seeds: it comes from the
        spread of the pairs' differences (Student's t). Adding seeds until a difference is clear errs more often than
        in 5% of the cases.
        """
        upper = (1 + CONFIDENCE) / 2
        if self.seeds == 1:
            errors = (_standard_error(accuracy, self.test_images) for accuracy in self.means)
            return NormalDist().inv_cdf(upper) * math.hypot(*errors)
        # Lazy: takes longer than the rest of this module.
        from scipy.special import stdtrit

        differences = [after - before for before, after in zip(self.without, self.with_dropout, strict=True)]
        # Accuracies are whole numbers of images. The variance that rounding adds to a difference bounds the spread.
        rounding = 1 / (math.sqrt(6) * self.test_images)
        spread = math.hypot(stdev(differences), rounding)
        return float(stdtrit(self.seeds - 1, upper)) * spread / math.sqrt(self.seeds)

    @property
    def evidence(self) -> Evidence:
        """What the difference is worth."""
        if abs(self.difference) <= self.margin:
            return Evidence.CHANCE
        return Evidence.ONE_SEED if self.seeds == 1 else Evidence.CLEAR


def _standard_error(accuracy: float, images: int) -> float:
    """Return the standard error of an accuracy measured on this many images.

    One success and one failure are added (Agresti & Caffo, "Simple and Effective Confidence Intervals for Proportions",
    2000), so that an accuracy of 100% does not count as certain.
    """
    adjusted = (accuracy * images + 1) / (images + 2)
    return math.sqrt(adjusted * (1 - adjusted) / (images + 2))
