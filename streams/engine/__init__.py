"""The counting engine in a process of its own: the event loop does IO, this process computes."""
