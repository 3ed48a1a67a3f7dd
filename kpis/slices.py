"""Long work in slices: a generator yields how much it has done, and its host decides when others have a turn.

A unit of work is what takes about a microsecond, roughly known beforehand. What yields units (`Work`) is fine-grained,
`paced` makes slices of it. Pure: nobody looks at a clock.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

Work = Iterator[int]
"""Units of work done since the last one."""
Result = TypeVar("Result")
SLICE: Final = 10_000
"""Units of a slice: a host that looks at the clock between slices is late by one at most."""


class Pace(NamedTuple):
    """How much is done in one go, and stored in one batch beside what events change."""

    units: int = SLICE
    entries: int = 6_000
    bytes: int = 1_000_000


PACE: Final = Pace()


def paced(work: Iterable[int], units: int = SLICE) -> Iterator[None]:
    """Do some work; yields after every so many units."""
    done = 0
    for more in work:
        done += more
        if done >= units:
            yield
            done = 0


def finish(work: Iterable[Any]) -> None:
    """Do some work to its end, in one go."""
    deque(work, maxlen=0)


def result(work: Generator[Any, None, Result]) -> Result:
    """Do some work to its end, in one go; what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: Result = done.value
            return found
