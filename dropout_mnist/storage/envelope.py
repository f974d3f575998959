"""The file format of checkpoints and saved runs: tensors in a safetensors file, with a description as JSON.

The description is one entry of the file's metadata. The entry's key says what kind of file it is, and the description
has a format number. There is no pickle anywhere, so opening somebody's file cannot run code.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from dropout_mnist.messages.message import Message

# A safetensors file begins with the length of its header, then the header as JSON.
_LENGTH_BYTES = 8
# A history of 1,000 epochs takes 0.3 MB.
_MAX_HEADER = 10_000_000


class EnvelopeError(ValueError):
    """A file is damaged, or of another kind or format; the message says what is wrong with it."""


@dataclass(frozen=True)
class Envelope:
    """One kind of file.

    Attributes:
        key: names the description in the file's metadata.
        format: the format number that is written, and the only one that is read.
    """

    key: str
    format: int

    def pack(self, description: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
        """Return the contents of a file."""
        text = json.dumps({"format": self.format, **description})
        data: bytes = safetensors.torch.save(
            {name: tensor.contiguous() for name, tensor in tensors.items()}, {self.key: text}
        )
        return data

    def unpack(self, data: bytes, file_name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Return the description and the tensors of a file.

        Args:
            data: the file's contents.
            file_name: for the messages.

        Raises:
            EnvelopeError: the file is damaged, or of another kind or format.
        """
        try:
            tensors = safetensors.torch.load(data)
        except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
            if data.startswith((b"\x80", b"PK\x03\x04")):
                raise EnvelopeError(
                    Message("{name} is a pickle, which could run code when it is opened: refused", name=file_name)
                ) from None
            raise EnvelopeError(
                Message("{name} is not a complete safetensors file: {error}", name=file_name, error=str(error))
            ) from None
        return self._description(data, file_name), tensors

    def describe(self, path: Path) -> dict[str, Any]:
        """Return the description of the file at `path`, without reading its tensors.

        Raises:
            EnvelopeError: the file is damaged, or of another kind or format.
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            start = file.read(_LENGTH_BYTES)
            header = file.read(min(_header_length(start), _MAX_HEADER))
        try:
            return self._description(start + header, path.name)
        except (json.JSONDecodeError, UnicodeDecodeError, AttributeError, RecursionError):
            raise EnvelopeError(Message("{name} is not a complete safetensors file", name=path.name)) from None

    def _description(self, data: bytes, file_name: str) -> dict[str, Any]:
        # safetensors reads metadata from paths only, and maps the file, which then cannot be replaced on Windows.
        header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + _header_length(data)])
        text = (header.get("__metadata__") or {}).get(self.key)
        if text is None:
            raise EnvelopeError(
                Message(
                    "{name} has no {key} metadata: it does not say how it was trained", name=file_name, key=self.key
                )
            )
        try:
            description = json.loads(text)
        except (ValueError, RecursionError):
            raise EnvelopeError(Message("{name} has metadata that are not JSON", name=file_name)) from None
        if not isinstance(description, dict) or description.get("format") != self.format:
            raise EnvelopeError(
                Message(
                    "{name} has metadata of an unknown format; format {known} is known",
                    name=file_name,
                    known=self.format,
                )
            )
        return description


def _header_length(data: bytes) -> int:
    return int.from_bytes(data[:_LENGTH_BYTES], "little")
