"""The shipped networks that experiments compare: trained alike, without dropout and with two rates."""

from contextlib import suppress

from dropout_mnist.checkpoint import CheckpointError
from dropout_mnist.checkpoints.folder import SUFFIX
from dropout_mnist.model import MLP
from dropout_mnist.storage.shipped import shipped_folder
from dropout_mnist.ui.lab.measurements import rate_name
from dropout_mnist.ui.lab.subject import Subject
from dropout_mnist.ui.resources import load_cached

# By their files' names.
RATES = {"plain-p0.00": 0.0, "plain-p0.30": 0.3, "plain-p0.50": 0.5}


def compared() -> dict[str, MLP]:
    """Return the networks by their names in the lab; without those that cannot be read."""
    found = {}
    for name, drop_prob in RATES.items():
        with suppress(CheckpointError):
            found[rate_name(drop_prob)] = load_cached(shipped_folder("weights") / (name + SUFFIX))[1].model
    return found


def compared_with(subject: Subject) -> dict[str, MLP]:
    """Return the networks, and the subject's if it is another one."""
    found = compared()
    if subject.model.is_uploaded or subject.model.checkpoint.name not in RATES:
        found[subject.model.label] = subject.network
    return found
