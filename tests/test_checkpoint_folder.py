import os
from dataclasses import replace
from pathlib import Path

import pytest

from dropout_mnist.checkpoint import Checkpoint, CheckpointError
from dropout_mnist.checkpoints.folder import (
    check_store,
    find_checkpoint,
    find_shorter,
    list_checkpoints,
    load,
    store_checkpoint,
    user_weights_folder,
    weights_folder,
)
from dropout_mnist.config import TrainConfig

from .conftest import SHIPPED, SHIPPED_WEIGHTS


@pytest.mark.usefixtures("tiny_as_digits")
def test_stored_checkpoint_is_found_by_its_config_on_any_device(checkpoint: Checkpoint) -> None:
    assert find_checkpoint(checkpoint.config) is None
    path = store_checkpoint(checkpoint)
    assert path.parent == weights_folder()
    found = find_checkpoint(replace(checkpoint.config, device="auto"))
    assert found is not None
    assert found[0] == path
    assert found[1].history == checkpoint.history


@pytest.mark.usefixtures("tiny_as_digits")
def test_checkpoint_of_another_config_is_not_found(checkpoint: Checkpoint) -> None:
    path = store_checkpoint(checkpoint)
    other = replace(checkpoint.config, seed=2)
    path.rename(path.with_name(other.name + path.suffix))
    assert find_checkpoint(other) is None


@pytest.mark.usefixtures("tiny_as_digits")
def test_damaged_checkpoint_is_not_found(checkpoint: Checkpoint) -> None:
    store_checkpoint(checkpoint).write_bytes(b"rubbish")
    assert find_checkpoint(checkpoint.config) is None


@pytest.mark.usefixtures("tiny_as_digits")
def test_checkpoint_goes_to_the_users_folder_if_the_weights_folder_is_read_only(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where a folder should be refuses everybody, root included.
    (tmp_path / "file").touch()
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "file" / "weights"))
    path = store_checkpoint(checkpoint)
    assert path.parent == user_weights_folder()
    assert find_checkpoint(checkpoint.config) is not None
    assert list_checkpoints() == [path]


@pytest.mark.usefixtures("tiny_as_digits")
def test_stored_checkpoint_replaces_an_older_one_in_the_users_folder(checkpoint: Checkpoint) -> None:
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


def test_only_files_are_listed(checkpoint: Checkpoint) -> None:
    path = store_checkpoint(checkpoint)
    (path.parent / "folder.safetensors").mkdir()
    os.mkfifo(path.parent / "pipe.safetensors")
    for name in ("dangling.safetensors", "loop.safetensors"):
        (path.parent / name).symlink_to("loop.safetensors" if name.startswith("loop") else "nowhere")
    (path.parent / "link.safetensors").symlink_to(path.name)
    assert list_checkpoints() == [path.parent / "link.safetensors", path]


def test_checkpoint_is_stored_even_if_an_older_one_cannot_be_removed(checkpoint: Checkpoint) -> None:
    # A folder under the older one's name cannot be unlinked by anybody, root included.
    (user_weights_folder() / f"{checkpoint.name}.safetensors").mkdir(parents=True)
    assert store_checkpoint(checkpoint).parent == weights_folder()


def test_checkpoint_trained_on_other_data_is_not_found(checkpoint: Checkpoint) -> None:
    store_checkpoint(checkpoint)
    assert find_checkpoint(checkpoint.config) is None


def test_shipped_checkpoints_are_offered_whatever_the_weights_folder(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dropout_mnist.checkpoints.folder.shipped_folder", lambda name: SHIPPED_WEIGHTS)
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "empty"))
    assert {path.stem for path in list_checkpoints()} >= set(SHIPPED)
    stored = store_checkpoint(checkpoint)
    assert stored.parent == tmp_path / "empty"
    assert stored in list_checkpoints()


def test_new_checkpoint_hides_a_shipped_one_of_the_same_name(shipped: Path, checkpoint: Checkpoint) -> None:
    (older := shipped.parent / "shipped" / "weights").mkdir(parents=True)
    checkpoint.save(older / f"{checkpoint.name}.safetensors")
    assert older / f"{checkpoint.name}.safetensors" in list_checkpoints()
    stored = store_checkpoint(checkpoint)
    assert stored in list_checkpoints()
    assert older / stored.name not in list_checkpoints()


@pytest.mark.parametrize("installed", [False, True])
def test_new_checkpoints_of_an_installed_package_go_to_the_users_folder(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DROPOUT_MNIST_WEIGHTS")
    monkeypatch.setattr("dropout_mnist.checkpoints.folder.is_installed", lambda: installed)
    assert weights_folder() == (user_weights_folder() if installed else tmp_path / "shipped" / "weights")


def test_home_folder_in_the_variable_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", "~/mine")
    assert weights_folder() == tmp_path / "mine"


def test_load_takes_a_name_or_a_path(shipped: Path) -> None:
    assert load("plain-p0.50").config.drop_prob == 0.5
    assert load(shipped / "plain-p0.50.safetensors").config.drop_prob == 0.5
    assert load(str(shipped / "plain-p0.50.safetensors")).config.drop_prob == 0.5
    with pytest.raises(CheckpointError, match="no file and no checkpoint 'nothing'; available are augmented, plain-p0"):
        load("nothing")


def test_folders_are_checked_before_a_run(
    tiny_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_store(tiny_config.name)
    assert list_checkpoints() == []
    # A file where a folder should be refuses everybody, root included.
    (tmp_path / "file").touch()
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(tmp_path / "file" / "weights"))
    check_store(tiny_config.name)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "file" / name)
    with pytest.raises(
        OSError, match=r"cannot be written to: .*weights .*Set DROPOUT_MNIST_WEIGHTS to a folder of yours"
    ):
        check_store(tiny_config.name)


def test_user_without_a_home_stores_in_the_folder_that_the_variable_names(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home(name: str) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("platformdirs.user_data_path", no_home)
    check_store(checkpoint.name)
    path = store_checkpoint(checkpoint)
    assert path.parent == tmp_path / "weights"
    assert list_checkpoints() == [path]


def test_longest_shorter_run_is_found(checkpoint: Checkpoint) -> None:
    more = replace(checkpoint.config, epochs=9)
    assert find_shorter(more) is None
    for epochs in (2, 4):
        store_checkpoint(replace(checkpoint, config=replace(checkpoint.config, epochs=epochs)))
    assert find_shorter(more) == 4
    assert find_shorter(replace(more, seed=7)) is None
    # It is trained again on purpose.
    store_checkpoint(replace(checkpoint, config=more))
    assert find_shorter(more) is None
