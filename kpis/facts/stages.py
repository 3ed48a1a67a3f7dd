"""How long deals stay in their stages. Rules: kpi-precise "time_in_stage"."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta
from kpis.cells.log_buckets import bucket, counted
from kpis.cells.segments import EVERYTHING
from kpis.facts.deals import DealEvent, Step, stage_named
from kpis.identity.ids import SEGMENT_LENGTH, segment_of

INSTANTS: Final = 1_000  # number of instants with cached ages
STAGE_EVENTS: Final = frozenset({"created", "stage_changed", "won", "lost", "reopened"})


class Stay(NamedTuple):
    """A deal's time in a stage, from ``start`` to ``end``, ms; FOREVER while it is in the stage."""

    stage: str
    start: int
    end: int


class StaysReader:
    """Reads the events of a deal one by one, sorted. ``found``: the stays that have ended.

    A stay begins with the event that names its stage. If that event has no stage, the ``from_stage`` of the change that
    ends the stay names it. A stay that began at an unknown time is left out.
    """

    def __init__(self) -> None:
        self.found: list[Stay] = []
        self.stage: str | None = None
        self.since: int | None = None
        self.running = False
        self.closed = False  # whether the last step closed the deal, ending the last of ``found``

    def take(self, event: DealEvent, step: Step | None) -> None:
        """Read an event, with its effect on the deal."""
        named = _cut(stage_named(event.data))
        if step is None:
            return
        if step.corrects:
            if self.closed and step.at is not None:
                self.found[-1] = self.found[-1]._replace(end=step.at)
            return
        self.closed = False
        if self.running and step.state == "open" and named in (None, self.stage):
            return
        if self.running:
            self.stage = self.stage or _cut(event.data.get("from_stage"))
            if self.stage and self.since is not None and step.at is not None:
                self.found.append(Stay(self.stage, self.since, step.at))
                self.closed = step.state != "open"
        self.running = step.state == "open"
        if self.running:
            self.stage, self.since = named or self.stage, step.at

    def current(self) -> Iterator[Stay]:
        """The current stay, if any."""
        if self.running and self.stage and self.since is not None:
            yield Stay(self.stage, self.since, FOREVER)


def stay_deltas(found: list[Stay]) -> Iterator[tuple[str, Delta]]:
    """(stage, delta) pairs: stages left, with the total and the latest time in each; and the current stage."""
    left: dict[str, list[Stay]] = {}
    for stay in found:
        if stay.end < stay.start:
            yield stay.stage, Delta("stay_bad", stay.end, 1)
            continue
        if stay.start < stay.end:
            yield stay.stage, Delta("stay_open", stay.start, 1)
        if stay.end < FOREVER:
            if stay.start < stay.end:
                yield stay.stage, Delta("stay_open", stay.end, -1)
            left.setdefault(stay.stage, []).append(stay)
    for stage, times in left.items():
        for delta in left_deltas(times[-1], sum(stay.end - stay.start for stay in times)):
            yield stage, delta


def left_deltas(last: Stay, total: int) -> Iterator[Delta]:
    """The deltas of a stage that was left, at the end of its ``last`` stay. ``total``: all time in it, ms."""
    exit_, seconds = last.end, total // 1000
    yield Delta("stays", exit_, 1)
    yield Delta("stay_seconds", exit_, seconds)
    yield Delta(f"stay_total={bucket(seconds)}", exit_, 1)
    yield Delta(f"stay_latest={bucket((exit_ - last.start) // 1000)}", exit_, 1)


class StayAges:
    """How long deals have been in their current stages, at any instant.

    An age depends on the current time, so no sum can hold it. This is an index over the facts, updated deal by deal.
    """

    def __init__(self, read: Callable[[str], list[Stay]]) -> None:
        self.changed: set[str] = set()  # deals
        self._read = read
        self._deals: dict[str, list[Stay]] = {}
        self._spans: dict[str, dict[str, list[tuple[int, int]]]] = {}  # segment -> deal -> (start, end) of its stays
        self._arrays: dict[str, NDArray[np.int64]] = {}
        self._counted: dict[tuple[tuple[str, ...], int], Counter[int]] = {}

    def buckets(self, segments: tuple[str, ...], at: int) -> Counter[int]:
        """Ages of the stays that are current at an instant (ms), in buckets of 1 %."""
        self._refresh()
        found = self._counted.get((segments, at))  # cached, as many windows end at the same instant
        if found is None:
            if len(self._counted) >= INSTANTS:
                self._counted.clear()
            found = self._counted[segments, at] = counted(np.concatenate([self._ages(one, at) for one in segments]))
        return found

    def _ages(self, segment: str, at: int) -> NDArray[np.int64]:
        starts, ends = self._array(segment)
        ages: NDArray[np.int64] = (at - starts[(starts < at) & (ends >= at)]) // 1000
        return ages

    def _refresh(self) -> None:
        if self.changed:
            self._counted.clear()
        for key in self.changed:
            for segment in {_segment(stay) for stay in self._deals.pop(key, ())} | {EVERYTHING}:
                self._spans.get(segment, {}).pop(key, None)
                self._arrays.pop(segment, None)
            good = [stay for stay in self._read(key) if stay.start < stay.end]
            if good:
                self._deals[key] = good
            for stay in good:
                for segment in (EVERYTHING, _segment(stay)):
                    self._spans.setdefault(segment, {}).setdefault(key, []).append((stay.start, stay.end))
                    self._arrays.pop(segment, None)
        self.changed.clear()

    def _array(self, segment: str) -> NDArray[np.int64]:
        found = self._arrays.get(segment)
        if found is None:
            spans = [span for deal in self._spans.get(segment, {}).values() for span in deal]
            found = self._arrays[segment] = np.array(spans, dtype=np.int64).reshape(-1, 2).T
        return found


def _segment(stay: Stay) -> str:
    return segment_of("stage", stay.stage)


def _cut(stage: str | None) -> str | None:
    """A stage name cut to a segment's length: stages with the same segment are the same stage."""
    return stage[:SEGMENT_LENGTH] if stage else None
