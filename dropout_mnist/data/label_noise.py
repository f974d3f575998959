"""Replace labels by random ones, to see which networks memorize them."""

import torch

from dropout_mnist.data.datasets import Split
from dropout_mnist.shapes import CLASSES


def randomize_labels(split: Split, share: float, seed: int) -> Split:
    """Return the images with random labels for a share of them.

    Each image is chosen independently with probability `share` and gets one of the ten labels, all equally likely: so
    one in ten of the chosen ones keeps its label.

    Args:
        split: the images, left as they are.
        share: the probability to replace a label, 0 to 1.
        seed: decides which labels are replaced, and by what.
    """
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.rand(len(split), generator=generator) < share
    labels = torch.randint(CLASSES, (len(split),), generator=generator)
    return Split(split.pixels, torch.where(chosen, labels, split.labels))
