"""What the benchmarks on written digits are called with."""

import argparse
from pathlib import Path

from dropout_mnist.checkpoint_cache import DEFAULT_NAME, SUFFIX, weights_folder


def parse_arguments(description: str | None) -> argparse.Namespace:
    """Read `strokes`, a file of written digits, and `weights`, a checkpoint, from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--weights", type=Path, default=weights_folder() / (DEFAULT_NAME + SUFFIX))
    return parser.parse_args()
