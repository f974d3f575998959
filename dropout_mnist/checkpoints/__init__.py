"""Keep trained networks: the folder of checkpoints, interrupted runs, and the way from a config to a stored model."""
