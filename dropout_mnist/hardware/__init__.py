"""What computes: the device, the precision it supports, the number of threads, and the cores and memory there are."""
