"""Reading many lines without going through them again and again for cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collector() -> Iterator[None]:
    """Counting leaves next to no cycles, for which the collector would go through a growing history again and again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what was counted stays: the collector need not look at it while documents are made
        if collects:
            gc.enable()
