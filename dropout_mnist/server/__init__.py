"""Train in the background for all visitors of a server: runs, the queue that schedules them, and its limits."""
