"""Plain PyTorch: an archive of the weights and a short module that loads them with torch alone."""

import io
import zipfile
from importlib.resources import files

from dropout_mnist.checkpoint import Checkpoint

# The oldest date that a zip archive can hold: the same network gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def to_pytorch(checkpoint: Checkpoint) -> bytes:
    """Return a zip archive of `model.py`, which needs torch alone, and `weights.safetensors`, its state dict.

    In train mode the network has torch's own dropout, whatever the kind that it was trained with.

    The weights are a checkpoint's file, in safetensors rather than torch's own format: that is a pickle, which can run
    code when it is opened.
    """
    module = (files("dropout_mnist.export") / "standalone.py").read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, data in {"model.py": module, "weights.safetensors": checkpoint.to_bytes()}.items():
            writer.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return archive.getvalue()
