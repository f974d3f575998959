"""A page of its own: one HTML file with a canvas, the live panel and the weights, which works offline."""

import base64
import zlib
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

import dropout_mnist
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.datasets import TITLES
from dropout_mnist.live import source, weights
from dropout_mnist.live.texts import panel_texts

PACKAGE = "dropout_mnist.export"


def to_page(checkpoint: Checkpoint) -> bytes:
    """Return a self-contained HTML file on which the network answers while the visitor draws.

    Its JavaScript is the live panel's. With the default layers it has 2.8 MB.
    """
    config = checkpoint.config
    description = (
        f"The network {checkpoint.name}, trained by dropout_mnist {dropout_mnist.__version__} with drop_prob "
        f"{config.drop_prob:g}, recognizes {checkpoint.correct:,} of {checkpoint.total:,} test images of "
        f"{TITLES[config.dataset]}."
    )
    environment = Environment(autoescape=True, trim_blocks=True, undefined=StrictUndefined)
    template = environment.from_string((files(PACKAGE) / "page.html.jinja").read_text(encoding="utf-8"))
    page = template.render(
        description=description,
        texts=panel_texts(lambda text: text),
        style=source.style() + (files(PACKAGE) / "page.css").read_text(encoding="utf-8"),
        script=source.script("page.js", package=PACKAGE),
        weights=_pack(weights.pack(checkpoint.to_bytes())),
    )
    return page.encode()


def _pack(halves: bytes) -> str:
    """Return the bytes of float16 numbers as a text, which `unpack` in page.js reads.

    The high bytes of weights are much alike: apart from the low bytes they are compressed well.
    """
    return base64.b64encode(zlib.compress(halves[1::2] + halves[::2], 9)).decode()
