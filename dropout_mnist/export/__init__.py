"""Take a network or a run elsewhere: as an ONNX file, as plain PyTorch, or as a training script."""
