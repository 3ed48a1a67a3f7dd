"""The time, passed as an argument: the wall clock when live, a frozen moment with ``--as-of``."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds UTC."""


def wall() -> int:
    """Now."""
    return int(time.time() * 1000)


def frozen(at: int) -> Clock:
    """A clock that always returns ``at``."""
    return lambda: at
