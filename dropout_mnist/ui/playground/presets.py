"""Ready experiments: settings that show in a minute what dropout does, each chosen with one click."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui.language import translate as _


@dataclass(frozen=True)
class Preset:
    """A ready experiment.

    Attributes:
        config: all its settings.
        label: returns the text on its button.
        question: returns what there is to see.
    """

    config: TrainConfig
    label: Callable[[], str]
    question: Callable[[], str]


# Few images are repeated, so that every experiment makes thousands of steps. Where they are very few, the learning rate
# is small: with a larger one, the last epochs differ by chance. docs/results.md has what each of them shows.
PRESETS = {
    "overfit": Preset(
        TrainConfig(drop_prob=0.5, train_size=100, repeats=100, batch_size=50, epochs=10, learning_rate=0.0001),
        lambda: _("Overfit it (100 images)"),
        lambda: _(
            "The network memorizes all 100 training images and misreads many test images: it overfits. "
            "Does dropout narrow the gap?"
        ),
    ),
    "few": Preset(
        TrainConfig(drop_prob=0.5, train_size=1_000, repeats=15, batch_size=50, epochs=10, learning_rate=0.0003),
        lambda: _("1,000 images"),
        lambda: _("Dropout learns more slowly at first. Does it end higher?"),
    ),
    "noise": Preset(
        TrainConfig(drop_prob=0.5, train_size=5_000, label_noise=0.4, repeats=3, batch_size=50, epochs=10),
        lambda: _("40% random labels"),
        lambda: _(
            "Of 5,000 training images, 40% have a random label. The longer the network trains, the more of these it "
            "memorizes. Does dropout keep it from that?"
        ),
    ),
    "all": Preset(
        TrainConfig(drop_prob=0.5, epochs=8),
        lambda: _("All of MNIST"),
        lambda: _("With 60,000 images there is less to gain. Is a difference left?"),
    ),
}


def find_preset(config: TrainConfig | None) -> str | None:
    """Return the ready experiment that these settings belong to, whatever their dropout and seed; None if to none."""
    for name, preset in PRESETS.items():
        if config is not None and replace(config, drop_prob=0, seed=0) == replace(preset.config, drop_prob=0, seed=0):
            return name
    return None
