"""The folder of checkpoints is a cache: weights for a config are trained once and found again."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from dropout_mnist.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from dropout_mnist.config import TrainConfig

SUFFIX = ".safetensors"
# What answers unless something else is chosen.
DEFAULT_NAME = TrainConfig.of_recipe("augmented").name


def weights_folder() -> Path:
    """Return the folder of checkpoints: `DROPOUT_MNIST_WEIGHTS`, else `weights/` beside the package."""
    return Path(os.environ.get("DROPOUT_MNIST_WEIGHTS") or Path(__file__).parents[2] / "weights")


def user_weights_folder() -> Path:
    """Return the folder in the user's cache that is used where `weights_folder()` cannot be written to."""
    return platformdirs.user_cache_path("dropout_mnist") / "weights"


def list_checkpoints() -> list[Path]:
    """Return the paths of all checkpoints, sorted by name; each name once, unverified.

    A file in the user's folder goes before one of the same name in the weights folder: it was trained later.
    """
    folders = (weights_folder(), user_weights_folder())
    by_name = {path.name: path for folder in folders for path in folder.glob(f"*{SUFFIX}")}
    return [by_name[name] for name in sorted(by_name)]


def find_checkpoint(
    config: TrainConfig, load: Callable[[Path], Checkpoint] = load_checkpoint
) -> tuple[Path, Checkpoint] | None:
    """Return the checkpoint trained with exactly this config, on whatever device; None if there is none.

    A damaged file counts as none: training anew replaces it.

    Args:
        config: what it was trained with.
        load: reads a checkpoint; one that remembers spares those who ask often the reading.
    """
    for path in list_checkpoints():
        if path.name != config.name + SUFFIX:
            continue
        try:
            checkpoint = load(path)
        except CheckpointError:
            return None
        if trains_alike(checkpoint.config, config):
            return path, checkpoint
    return None


def store_checkpoint(checkpoint: Checkpoint) -> Path:
    """Save a checkpoint under its name in the weights folder, or else in the user's cache.

    Returns:
        where it was saved.

    Raises:
        OSError: neither folder can be written to.
    """
    path = weights_folder() / (checkpoint.name + SUFFIX)
    users_path = user_weights_folder() / path.name
    try:
        save_checkpoint(checkpoint, path)
    except OSError:
        save_checkpoint(checkpoint, users_path)
        return users_path
    # An older one there would go before it; where it cannot be removed, the new one is saved all the same.
    with suppress(OSError):
        users_path.unlink(missing_ok=True)
    return path


def trains_alike(one: TrainConfig, other: TrainConfig) -> bool:
    """Whether two configs are the same but for the means, device and precision."""
    return (one.recipe, one.differences()) == (other.recipe, other.differences())
