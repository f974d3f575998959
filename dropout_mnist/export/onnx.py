"""ONNX: the network as a graph that runs in ONNX Runtime, in browsers and on phones, without Python or torch."""

from torch import nn

import dropout_mnist
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.shapes import CLASSES, INPUT_SIZE

# The operators are those of opset 17, which ONNX Runtime knows since version 1.12 of 2022. Without a stated IR version
# the latest would be written, which older runtimes refuse.
OPSET = 17
IR_VERSION = 8


class OnnxMissingError(ImportError):
    """The package that writes ONNX files is not installed; the message says how to install it."""


def to_onnx(checkpoint: Checkpoint, *, raw_logits: bool = False) -> bytes:
    """Return the contents of an ONNX file of the network, without dropout, which is off when a network answers.

    The input is `images`, (batch, 784) float32 in [0, 1], preprocessed like MNIST's; the batch size is free. The
    weights are named as in the state dict.

    Args:
        checkpoint: the trained network.
        raw_logits: whether to end with `logits`, (batch, 10) float32, as trained: before temperature and softmax. By
            default the output is `probs`, (batch, 10) float32, the calibrated probabilities.

    Raises:
        OnnxMissingError: the package onnx is not installed.
    """
    try:
        # Imported here because it is optional.
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise OnnxMissingError('ONNX files need another package: pip install "dropout-mnist[onnx]"') from None

    nodes, weights = [], []
    last = checkpoint.model.layers[-1]
    value = "images"
    for name, layer in checkpoint.model.named_modules():
        if isinstance(layer, nn.Linear):
            # Calibration divided the last layer by the temperature.
            factor = checkpoint.temperature if raw_logits and layer is last else 1.0
            parameters = {f"{name}.{key}": tensor * factor for key, tensor in layer.named_parameters()}
            weights += [numpy_helper.from_array(tensor.numpy(), key) for key, tensor in parameters.items()]
            output = "logits" if layer is last else f"{name}.output"
            nodes.append(helper.make_node("Gemm", [value, *parameters], [output], name, transB=1))
        elif isinstance(layer, nn.ReLU):
            output = f"{name}.output"
            nodes.append(helper.make_node("Relu", [value], [output], name))
        else:  # dropout, and the modules that contain the others
            continue
        value = output
    if not raw_logits:
        nodes.append(helper.make_node("Softmax", [value], ["probs"], "softmax", axis=1))
        value = "probs"

    model = helper.make_model(
        helper.make_graph(
            nodes,
            checkpoint.name,
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", INPUT_SIZE])],
            [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["batch", CLASSES])],
            weights,
        ),
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="dropout-mnist",
        producer_version=dropout_mnist.__version__,
    )
    data: bytes = model.SerializeToString()
    return data
