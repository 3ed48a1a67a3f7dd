"""Reads many lines without repeated garbage collections."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collector() -> Iterator[None]:
    """Counting creates hardly any cycles, yet the collector would scan the growing history again and again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # counted state stays: the collector need not scan it while documents are built
        if collects:
            gc.enable()
