"""Is a consumer in trouble? Burrow's verdicts: rules on a sliding window of observations, no thresholds to tune.

For a partition, the first rule that applies:

1. `ERR`: the committed offset is outside the log. Unread records are gone, or the topic was recreated.
2. `OK`: nothing waits now.
3. `REWIND`: the committed offset went back within the window.
4. `OK`: nothing waited at some point in the window.
5. `STOP`: records waited throughout and nothing was committed.
6. `STALL`: there were commits, but the offset did not move.
7. `WARN`: the offset moves, but the lag never fell between observations: it is falling behind.
8. `OK`.

Workers commit after counting, not at intervals, so an old commit is no sign of trouble while nothing waits; that is
where rules 4 and 5 differ from Burrow's. For a group: `ERR` if any partition is worse than `WARN`.
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
    """A partition at one time. Times are seconds of one clock; the log holds offsets ``begin`` to ``end - 1``.

    ``commits``: anything that changes with each commit, even of the same offset (a count, a time); None if unknown:
    then only commits that move the offset are visible.
    """

    at: float
    committed: int
    end: int
    begin: int = 0
    commits: int | None = None

    @property
    def lag(self) -> int:
        """Waiting offsets; never negative."""
        return max(0, self.end - max(self.committed, self.begin))


def verdict(window: Sequence[Observation]) -> Verdict:
    """The verdict on one partition. An empty or single-observation window shows nothing wrong but `ERR`."""
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
    """For a group: `ERR` if any partition is worse than `WARN`, `WARN` if any is, else `OK`."""
    found = set(partitions)
    if found & BAD:
        return Verdict.ERR
    return Verdict.WARN if Verdict.WARN in found else Verdict.OK


def catch_up_s(windows: Iterable[Sequence[Observation]]) -> float | None:
    """Seconds until nothing waits if reading and arrivals continue as in these windows. 0.0: nothing waits.

    None: it does not catch up, or was not observed for long enough.
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
    """A sliding window per partition."""

    def __init__(self, size: int = WINDOW) -> None:
        self._size = size
        self._windows: dict[Place, deque[Observation]] = {}

    def add(self, seen: dict[Place, Observation]) -> None:
        """Add an observation of all partitions; those not in ``seen`` are forgotten."""
        self._windows = {place: self._windows.get(place) or deque(maxlen=self._size) for place in seen}
        for place, observation in seen.items():
            self._windows[place].append(observation)

    def verdicts(self) -> dict[Place, Verdict]:
        """The current verdict on every partition."""
        return {place: verdict(list(window)) for place, window in self._windows.items()}

    def of(self, places: Iterable[Place]) -> list[list[Observation]]:
        """The windows of some partitions."""
        return [list(self._windows[place]) for place in places if place in self._windows]
