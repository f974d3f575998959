"""Where a command stores the network that it made: in the file of `--output`, or under its own name."""

from pathlib import Path

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import check_store, store_checkpoint
from dropout_mnist.cli.output import print_error
from dropout_mnist.storage.files import check_writable


def check_destination(output: Path | None, name: str) -> None:
    """Check that a checkpoint can be stored, before the first step: nothing should be trained for nothing.

    Args:
        output: the file of `--output`, None if it is not given.
        name: of the checkpoint.

    Raises:
        OSError: it cannot.
    """
    if output:
        check_writable(output)
    else:
        check_store(name)


def store(checkpoint: Checkpoint, output: Path | None) -> tuple[Path, int]:
    """Store a checkpoint; if the file of `--output` cannot be written, say so and store it under its own name.

    Returns:
        where it was stored, and the exit code.

    Raises:
        OSError: it cannot be stored anywhere.
    """
    if output is None:
        return store_checkpoint(checkpoint), 0
    try:
        checkpoint.save(output)
    except OSError as error:
        print_error(f"{output} cannot be written ({error}); saved elsewhere")
        return store_checkpoint(checkpoint), 2
    return output, 0
