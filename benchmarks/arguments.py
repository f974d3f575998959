"""What the benchmarks on written digits are called with."""

import argparse
from pathlib import Path

from dropout_mnist.cli.output import add_weights


def parse_arguments(description: str | None) -> argparse.Namespace:
    """Read `strokes`, a file of written digits, and `weights`, a checkpoint, from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("strokes", type=Path)
    add_weights(parser)
    return parser.parse_args()
