"""What computes: the device, the precision it supports, and the number of threads."""
