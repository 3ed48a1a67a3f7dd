"""Lag of this worker's own partitions: what is counted against what Kafka holds.

For a lane the committed position counts, for an input what `accept` committed. Transaction markers advance positions
without a record, so they don't remain as lag.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ops.verdicts import Observation, Place, Verdict, Windows
from streams.fetched import Fetched

KEPT: Final = 10_000  # ranges per partition whose ages are kept; beyond that an earlier range's age is used


class Range(NamedTuple):
    """Fetched offsets below ``end``, and when the first of them was written (ms)."""

    end: int
    timestamp: int


class Lags:
    """Observations of every partition, and the age of waiting records."""

    def __init__(self) -> None:
        self.windows = Windows()
        self._ranges: dict[Place, deque[Range]] = {}
        self._newest: dict[Place, int] = {}  # ms: timestamp of the last record fetched
        self._commits: dict[Place, int] = {}
        self._offsets: dict[Place, int] = {}

    def fetched(self, fetched: Fetched) -> None:
        """A range was fetched from Kafka."""
        if fetched.records:
            place = fetched.topic, fetched.partition
            self._ranges.setdefault(place, deque(maxlen=KEPT)).append(Range(fetched.end, fetched.records[0].timestamp))
            self._newest[place] = fetched.records[-1].timestamp

    def committed(self, topic: str, partition: int, offset: int) -> None:
        """Everything below ``offset`` is done and committed."""
        place = topic, partition
        self._offsets[place] = offset
        self._commits[place] = self._commits.get(place, 0) + 1
        ranges = self._ranges.get(place)
        while ranges and ranges[0].end <= offset:
            ranges.popleft()

    def flows(self, topic: str, partition: int, offset: int) -> None:
        """The partition is delivered from ``offset``; everything below it is done."""
        place = topic, partition
        self._offsets[place] = offset
        self._ranges.pop(place, None)
        self._newest.pop(place, None)

    def seen(self, standing: Mapping[Any, tuple[int, int, object]], now: float) -> dict[Place, Observation]:
        """An observation of every flowing partition, from (fetched to, last reported log end, ...), at ``now``."""
        found = {}
        for (topic, partition), (fetched_to, end, *_) in standing.items():
            place = topic, partition
            done = self._offsets.get(place, fetched_to)
            found[place] = Observation(now, done, max(end, fetched_to), 0, self._commits.get(place, 0))
        return found

    def age(self, place: Place, observation: Observation, now_ms: float) -> float | None:
        """Seconds since the oldest waiting record was written; 0 if none waits, None if unknown."""
        if observation.lag == 0:
            return 0.0
        ranges = self._ranges.get(place)
        first = ranges[0].timestamp if ranges else self._newest.get(place)
        return None if first is None else max(0.0, (now_ms - first) / 1000)

    def verdicts(self) -> dict[Verdict, int]:
        """The number of partitions by verdict."""
        found = dict.fromkeys(Verdict, 0)
        for one in self.windows.verdicts().values():
            found[one] += 1
        return found


lags: Final = Lags()
