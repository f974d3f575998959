"""`export`: write a network for use elsewhere."""

import argparse
from functools import partial
from typing import Any

from dropout_mnist.checkpoints.folder import load
from dropout_mnist.cli.output import file_argument, path_argument, print_line
from dropout_mnist.export.formats import FORMATS
from dropout_mnist.export.onnx import to_onnx
from dropout_mnist.storage.files import check_writable, write_atomically


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "export",
        help="write a network for use elsewhere",
        description="Write a trained network for use without this program. html: a page that answers while you draw, "
        "without a connection. onnx: a graph for ONNX Runtime and other runtimes, from `images` (batch, 784) in [0, 1] "
        "to `probs` (batch, 10). pytorch: a zip archive of the weights and a short model.py that needs torch alone.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add(
        "model",
        type=path_argument,
        metavar="MODEL",
        help="the name of a shipped or stored checkpoint, such as augmented or plain-p0.50, or the path of a file",
    )
    add("--format", choices=FORMATS, required=True, help="what to write")
    add("--output", type=file_argument, required=True, metavar="FILE", help="write it to this file")
    add(
        "--raw-logits",
        action="store_true",
        help="onnx: end with `logits` as trained, before the temperature that calibrates them and softmax",
    )


def run(options: argparse.Namespace) -> int:
    """Write the file; return the exit code."""
    write = FORMATS[options.format].write
    if options.raw_logits:
        if write is not to_onnx:
            raise ValueError("--raw-logits is for --format onnx")
        write = partial(to_onnx, raw_logits=True)
    checkpoint = load(options.model)
    check_writable(options.output)
    data = write(checkpoint)
    write_atomically(options.output, data)
    print_line(f"Written: {options.output} ({len(data) / 1e6:.1f} MB)")
    return 0
