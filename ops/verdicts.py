"""Is a consumer in trouble? Burrow's verdicts: rules on a sliding window of observations, no thresholds to tune.

A partition, the first rule that holds:

1. `ERR`: the committed offset lies outside the log. Records it never read are gone, or the topic was made anew.
2. `OK`: nothing waits now.
3. `REWIND`: the committed offset went back within the window.
4. `OK`: nothing waited at some moment of the window.
5. `STOP`: something waited all the time and nothing was committed.
6. `STALL`: commits came, the offset stayed.
7. `WARN`: the offset moves, and the lag never fell from one observation to the next: it falls behind.
8. `OK`.

Workers commit when they have counted, not by the clock, so an old commit is no sign of trouble while nothing waits;
that is where rules 4 and 5 differ from Burrow's own. Of a group: `ERR` when any partition is worse than `WARN`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

WINDOW: Final = 10  # observations
Place = tuple[str, int]  # topic, partition


class Verdict(StrEnum):
    """From good to bad."""

    OK = "OK"
    WARN = "WARN"
    STALL = "STALL"
    STOP = "STOP"
    REWIND = "REWIND"
    ERR = "ERR"


BAD: Final = frozenset({Verdict.STALL, Verdict.STOP, Verdict.REWIND, Verdict.ERR})


class Observation(NamedTuple):
    """A partition as it was seen. Times are seconds of one clock; the log holds offsets ``begin`` to ``end - 1``.

    ``commits``: anything that changes with each commit, also with one of the same offset (a count, a time); None when
    nobody knows, and then only a commit that moves the offset is seen.
    """

    at: float
    committed: int
    end: int
    begin: int = 0
    commits: int | None = None

    @property
    def lag(self) -> int:
        """Offsets that wait; never negative."""
        return max(0, self.end - max(self.committed, self.begin))


def verdict(window: Sequence[Observation]) -> Verdict:
    """Of one partition. An empty window, and one of a single observation, show nothing wrong but `ERR`."""
    if not window:
        return Verdict.OK
    last = window[-1]
    if last.committed < last.begin or last.committed > last.end:
        return Verdict.ERR
    if last.lag == 0:
        return Verdict.OK
    if any(after.committed < before.committed for before, after in pairwise(window)):
        return Verdict.REWIND
    if len(window) < 2 or any(seen.lag == 0 for seen in window):
        return Verdict.OK
    if last.committed == window[0].committed:
        return Verdict.STALL if last.commits != window[0].commits else Verdict.STOP
    return Verdict.WARN if all(after.lag >= before.lag for before, after in pairwise(window)) else Verdict.OK


def group_verdict(partitions: Iterable[Verdict]) -> Verdict:
    """Of a group: `ERR` when any partition is worse than `WARN`, `WARN` when any is, else `OK`."""
    found = set(partitions)
    if found & BAD:
        return Verdict.ERR
    return Verdict.WARN if Verdict.WARN in found else Verdict.OK


def catch_up_s(windows: Iterable[Sequence[Observation]]) -> float | None:
    """Seconds until nothing waits, if reading and arriving go on as in these windows. 0.0: nothing waits.

    None: it does not catch up, or was not looked at for long enough to tell.
    """
    windows = [window for window in windows if window]
    waiting = sum(window[-1].lag for window in windows)
    if not waiting:
        return 0.0
    fell = sum(_fell_per_s(window) for window in windows)
    return waiting / fell if fell > 0 else None


def _fell_per_s(window: Sequence[Observation]) -> float:
    span = window[-1].at - window[0].at
    return (window[0].lag - window[-1].lag) / span if span > 0 else 0.0


class Windows:
    """A sliding window for each partition."""

    def __init__(self, size: int = WINDOW) -> None:
        self._size = size
        self._windows: dict[Place, deque[Observation]] = {}

    def add(self, seen: dict[Place, Observation]) -> None:
        """One more look at all partitions; those that are not among ``seen`` are forgotten."""
        self._windows = {place: self._windows.get(place) or deque(maxlen=self._size) for place in seen}
        for place, observation in seen.items():
            self._windows[place].append(observation)

    def verdicts(self) -> dict[Place, Verdict]:
        """Of every partition now."""
        return {place: verdict(list(window)) for place, window in self._windows.items()}

    def of(self, places: Iterable[Place]) -> list[list[Observation]]:
        """The windows of some partitions."""
        return [list(self._windows[place]) for place in places if place in self._windows]
