"""The formats that a network can be exported to."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.export.onnx import to_onnx
from dropout_mnist.export.page import to_page
from dropout_mnist.export.pytorch import to_pytorch


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        title: its name, to show people.
        suffix: of its files.
        mime: their media type.
        write: returns the contents of a file for a checkpoint.
        package: what writing needs besides this project's own requirements, if anything.
    """

    title: str
    suffix: str
    mime: str
    write: Callable[[Checkpoint], bytes]
    package: str | None = None

    @property
    def is_available(self) -> bool:
        """Whether files of this format can be written here."""
        return self.package is None or find_spec(self.package) is not None


FORMATS = {
    "html": Format("HTML", ".html", "text/html", to_page),
    "onnx": Format("ONNX", ".onnx", "application/octet-stream", to_onnx, package="onnx"),
    "pytorch": Format("PyTorch", ".zip", "application/zip", to_pytorch),
}
