"""Read the command line of the benchmarks on handwritten digits."""

import argparse

from dropout_mnist.cli.output import add_weights, path_argument


def parse_arguments(description: str | None) -> argparse.Namespace:
    """Return `strokes`, a file of pen strokes, and `weights`, a checkpoint, from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("strokes", type=path_argument, help="digits as pen strokes: see benchmarks/README.md")
    add_weights(parser)
    return parser.parse_args()
