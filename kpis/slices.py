"""Long work in slices: a generator yields how much it has done, and its host decides when others have a turn.

A unit of work takes about a microsecond, roughly estimated beforehand. Fine-grained `Work` yields units; `paced` groups
them into slices. Pure: no clock is read.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

Work = Iterator[int]
"""Units of work done since the last yield."""
Result = TypeVar("Result")
SLICE: Final = 10_000
"""Units per slice: a host that checks the clock between slices is at most one slice late."""


class Pace(NamedTuple):
    """How much is done in one go, and stored in one batch beside what events change."""

    units: int = SLICE
    entries: int = 6_000
    bytes: int = 1_000_000


PACE: Final = Pace()


def paced(work: Iterable[int], units: int = SLICE) -> Iterator[None]:
    """Do some work; yields after every ``units`` units."""
    done = 0
    for more in work:
        done += more
        if done >= units:
            yield
            done = 0


def finish(work: Iterable[Any]) -> None:
    """Do all the work in one go."""
    deque(work, maxlen=0)


def result(work: Generator[Any, None, Result]) -> Result:
    """Do all the work in one go and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: Result = done.value
            return found
