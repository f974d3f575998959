"""Train the classic MNIST network with dropout, and find out what dropout does."""

__version__ = "0.1.0"
