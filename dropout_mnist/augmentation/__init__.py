"""Vary the training images: distortions, writing styles and non-digits, for whole batches at once."""
