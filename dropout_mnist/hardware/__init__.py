"""What computes: the device, and the precision that it supports."""
