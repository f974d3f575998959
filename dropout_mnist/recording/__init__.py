"""Record a run as it trains: the loss of every batch, networks at moments of it, and their answers."""
