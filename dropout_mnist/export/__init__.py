"""Take a network or a run elsewhere: as a web page, ONNX, plain PyTorch or a training script."""
