"""Find, list and store checkpoints. The folder is a cache: weights for a config are trained once and found again.

The shipped checkpoints are always offered. New ones go to the folder that `DROPOUT_MNIST_WEIGHTS` names. Without that
variable they go to `weights/` in a checkout, and to the user's data folder in an installed package. Where that folder
cannot be written to, they go to the user's data folder as well.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import platformdirs

from dropout_mnist.checkpoint import Checkpoint, CheckpointError
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import CHECKSUMS
from dropout_mnist.messages.message import Message
from dropout_mnist.storage.files import check_writable
from dropout_mnist.storage.shipped import is_installed, shipped_folder

SUFFIX = ".safetensors"
# The network that answers unless another one is chosen.
DEFAULT_NAME = TrainConfig.augmented().name
# In a checkout, new checkpoints are in the same folder.
SHIPPED_NAMES = (DEFAULT_NAME, *(TrainConfig(drop_prob=drop_prob).name for drop_prob in (0.0, 0.3, 0.5)))


def weights_folder() -> Path:
    """Return the folder where new checkpoints go."""
    if variable := os.environ.get("DROPOUT_MNIST_WEIGHTS"):
        return Path(variable).expanduser()
    return user_weights_folder() if is_installed() else shipped_folder("weights")


def user_weights_folder() -> Path:
    """Return the folder in the user's data folder that is used where `weights_folder()` cannot be written to."""
    return platformdirs.user_data_path("dropout_mnist") / "weights"


def store_folders() -> list[Path]:
    """Return the folders where new checkpoints may go, the first that can be written to before the others.

    The user's data folder is left out where this user has no home.
    """
    folders = [weights_folder()]
    with suppress(RuntimeError):
        folders.append(user_weights_folder())
    return list(dict.fromkeys(folders))


def list_checkpoints() -> list[Path]:
    """Return the paths of all checkpoints, sorted by name; each name once, unverified.

    Of two files with the same name, one in the user's folder comes before one in the weights folder, because it was
    stored later, and both before a shipped one.
    """
    folders = (shipped_folder("weights"), *store_folders())
    # `Path.is_file` raises an error for some paths that are none.
    by_name = {path.name: path for folder in folders for path in folder.glob(f"*{SUFFIX}") if os.path.isfile(path)}
    return [by_name[name] for name in sorted(by_name)]


def load(name: str | Path) -> Checkpoint:
    """Load a trained network.

    Args:
        name: the name of a shipped or stored checkpoint, such as "augmented" or "plain-p0.50", or a path to a file.

    Raises:
        CheckpointError: there is no such checkpoint, or it is damaged.
    """
    if Path(name).exists():
        return Checkpoint.load(name)
    paths = {path.name.removesuffix(SUFFIX): path for path in list_checkpoints()}
    if str(name) in paths:
        return Checkpoint.load(paths[str(name)])
    raise CheckpointError(
        Message(
            "there is no file and no checkpoint {name!r}; available are {names}", name=str(name), names=", ".join(paths)
        )
    )


def find_checkpoint(
    config: TrainConfig, load: Callable[[Path], Checkpoint] = Checkpoint.load
) -> tuple[Path, Checkpoint] | None:
    """Return the checkpoint trained with exactly this config on its data set, on any device; None if there is none.

    A damaged file counts as missing: training again replaces it.

    Args:
        config: what it was trained with.
        load: reads a checkpoint; pass a function that caches if you ask often.
    """
    for path in list_checkpoints():
        if path.name != config.name + SUFFIX:
            continue
        try:
            checkpoint = load(path)
        except CheckpointError:
            return None
        if checkpoint.config.trains_like(config) and checkpoint.dataset_checksum == CHECKSUMS[config.dataset]:
            return path, checkpoint
    return None


def find_shorter(config: TrainConfig) -> int | None:
    """Return the most epochs of a stored checkpoint that differs in nothing but fewer epochs, judged by its name.

    None if there is none, or if the config's own checkpoint is stored: then it is trained again on purpose.
    """
    names = {path.name for path in list_checkpoints()}
    if config.name + SUFFIX in names:
        return None
    shorter = (epochs for epochs in range(1, config.epochs) if replace(config, epochs=epochs).name + SUFFIX in names)
    return max(shorter, default=None)


def check_store(name: str) -> None:
    """Check that a checkpoint of this name could be stored, so that no run trains for nothing.

    Raises:
        OSError: neither the weights folder nor the user's data folder can be written to.
    """
    failures = []
    for folder in store_folders():
        try:
            check_writable(folder / (name + SUFFIX))
            return
        except OSError as error:
            failures.append(f"{folder} ({error.strerror or error})")
    raise OSError(
        Message(
            "the checkpoint could not be stored, because these folders cannot be written to: {folders}. Set "
            "DROPOUT_MNIST_WEIGHTS to a folder of yours",
            folders=", ".join(failures),
        )
    )


def store_checkpoint(checkpoint: Checkpoint) -> Path:
    """Save a checkpoint under its name in the weights folder, or else in the user's data folder.

    Returns:
        where it was saved.

    Raises:
        OSError: neither folder can be written to.
    """
    folders = store_folders()
    path, users_path = (folder / (checkpoint.name + SUFFIX) for folder in (folders[0], folders[-1]))
    try:
        checkpoint.save(path)
    except OSError:
        if users_path == path:
            raise
        checkpoint.save(users_path)
        return users_path
    # An older one there would hide it. Where that cannot be removed, the new one is saved all the same.
    if users_path != path:
        with suppress(OSError):
            users_path.unlink(missing_ok=True)
    return path
