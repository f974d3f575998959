"""Read the command line of the benchmarks on handwritten digits."""

import argparse
from pathlib import Path

from dropout_mnist.cli.output import add_weights


def parse_arguments(description: str | None) -> argparse.Namespace:
    """Return `strokes`, a file of pen strokes, and `weights`, a checkpoint, from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("strokes", type=Path, help="digits as pen strokes: see benchmarks/README.md")
    add_weights(parser)
    return parser.parse_args()
