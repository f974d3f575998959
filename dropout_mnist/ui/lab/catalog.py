"""All experiments of the lab, in their order: whether dropout helps, how it works, and doubt."""

from dropout_mnist.ui.lab.experiment import Experiment
from dropout_mnist.ui.lab.experiments import (
    averaging,
    bad_pictures,
    doubt,
    features,
    gap,
    pruning,
    rate,
    regularizers,
    schedule,
    small,
    thinned,
    train_size,
    uncertainty,
    width,
    wrong_labels,
)
from dropout_mnist.ui.language import mark

GROUPS = {
    mark("Does it help?"): (
        wrong_labels.EXPERIMENT,
        train_size.EXPERIMENT,
        rate.EXPERIMENT,
        gap.EXPERIMENT,
        width.EXPERIMENT,
        regularizers.EXPERIMENT,
        schedule.EXPERIMENT,
        bad_pictures.EXPERIMENT,
    ),
    mark("How does it work?"): (
        thinned.EXPERIMENT,
        averaging.EXPERIMENT,
        pruning.EXPERIMENT,
        small.EXPERIMENT,
        features.EXPERIMENT,
    ),
    mark("Does the network know when it does not know?"): (uncertainty.EXPERIMENT, doubt.EXPERIMENT),
}
EXPERIMENTS: tuple[Experiment, ...] = tuple(experiment for group in GROUPS.values() for experiment in group)


def find(key: str | None) -> Experiment | None:
    """Return the experiment with this key; None if there is none."""
    return next((experiment for experiment in EXPERIMENTS if experiment.key == key), None)


def find_by_claim(claim: str) -> Experiment | None:
    """Return the first experiment that tests the claim with this key; None if there is none."""
    return next((experiment for experiment in EXPERIMENTS if claim in experiment.claims), None)
