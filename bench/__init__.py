"""Throughput: the same million events read raw, and counted all the way to Redis."""
