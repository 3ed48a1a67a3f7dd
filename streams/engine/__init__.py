"""The counting engine in a separate process: the event loop does IO, this process computes."""
