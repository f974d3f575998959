from dataclasses import replace
from pathlib import Path

import pytest

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import (
    find_checkpoint,
    list_checkpoints,
    store_checkpoint,
    user_weights_folder,
    weights_folder,
)


def test_stored_checkpoint_is_found_by_its_config_on_whatever_device(checkpoint: Checkpoint) -> None:
    assert find_checkpoint(checkpoint.config) is None
    path = store_checkpoint(checkpoint)
    assert path.parent == weights_folder()
    found = find_checkpoint(replace(checkpoint.config, device="auto"))
    assert found is not None
    assert found[0] == path
    assert found[1].history == checkpoint.history


def test_checkpoint_of_another_config_is_not_taken_for_it(checkpoint: Checkpoint) -> None:
    path = store_checkpoint(checkpoint)
    other = replace(checkpoint.config, seed=2)
    path.rename(path.with_name(other.name + path.suffix))
    assert find_checkpoint(other) is None


def test_damaged_checkpoint_counts_as_none(checkpoint: Checkpoint) -> None:
    store_checkpoint(checkpoint).write_bytes(b"rubbish")
    assert find_checkpoint(checkpoint.config) is None


def test_read_only_weights_folder_sends_new_checkpoints_to_the_users_cache(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where a folder should be refuses everybody, root included.
    (tmp_path / "file").touch()
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "file" / "weights"))
    path = store_checkpoint(checkpoint)
    assert path.parent == user_weights_folder()
    assert find_checkpoint(checkpoint.config) is not None
    assert list_checkpoints() == [path]


def test_newly_stored_checkpoint_goes_before_an_older_one_in_the_users_cache(checkpoint: Checkpoint) -> None:
    older = user_weights_folder() / f"{checkpoint.name}.safetensors"
    older.parent.mkdir(parents=True)
    older.write_bytes(b"damaged")
    path = store_checkpoint(checkpoint)
    assert list_checkpoints() == [path]
    assert find_checkpoint(checkpoint.config) is not None


def test_each_name_is_listed_once(checkpoint: Checkpoint) -> None:
    path = store_checkpoint(checkpoint)
    later = user_weights_folder() / path.name
    later.parent.mkdir(parents=True)
    later.write_bytes(path.read_bytes())
    assert list_checkpoints() == [later]


def test_checkpoint_counts_as_saved_although_an_older_one_cannot_be_removed(checkpoint: Checkpoint) -> None:
    # A folder under the older one's name cannot be unlinked by anybody, root included.
    (user_weights_folder() / f"{checkpoint.name}.safetensors").mkdir(parents=True)
    assert store_checkpoint(checkpoint).parent == weights_folder()
