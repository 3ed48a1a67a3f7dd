"""The deltas of a deal with many events, in lists that mostly grow at the end: see kpis.cells.ledger."""

from array import array
from collections.abc import Callable, Iterator
from functools import partial

from kpis.cells.deltas import Delta, in_common
from kpis.cells.segments import Segments
from kpis.facts.deals import DealEvent, stage_named
from kpis.facts.stages import STAGE_EVENTS, Stay, left_deltas
from kpis.identity.ids import segment_of

Coded = tuple[int, Delta]


class StayLog:
    """The ended times in stages of a deal. A further time in a stage replaces the totals of that stage."""

    def __init__(self, code: Callable[[str], int]) -> None:
        self._code = code
        self._stays: list[Stay] = []
        self._deltas: list[Coded] = []
        self._places = array("q")  # stay -> where its deltas begin
        self._left: dict[str, list[tuple[Stay, int]]] = {}  # stage -> (stay, total time so far, ms)

    def go_on(self, stays: list[Stay]) -> list[Coded]:
        """The deltas of these stays, usually the previous list with more at the end."""
        same = in_common(self._stays, stays)
        if same < len(self._stays):
            for stay in self._stays[same:]:
                if stay.start <= stay.end:
                    self._left[stay.stage].pop()
            del self._deltas[self._places[same] :], self._places[same:]
        for stay in stays[same:]:
            self._places.append(len(self._deltas))
            code = self._code(stay.stage)
            self._deltas += [(code, delta) for delta in self._added(stay)]
        self._stays = stays
        return list(self._deltas)

    def _added(self, stay: Stay) -> Iterator[Delta]:
        if stay.end < stay.start:
            yield Delta("stay_bad", stay.end, 1)
            return
        if stay.start < stay.end:
            yield Delta("stay_open", stay.start, 1)
            yield Delta("stay_open", stay.end, -1)
        held = self._left.setdefault(stay.stage, [])
        before = 0
        if held:
            before = held[-1][1]
            yield from (Delta(name, at, -delta) for name, at, delta in left_deltas(*held[-1]))
        held.append((stay, before + stay.end - stay.start))
        yield from left_deltas(*held[-1])


class LateLog:
    """The deltas of a deal's late events, for the deal and for stages."""

    def __init__(self, code: Callable[[str], int]) -> None:
        self._code = code
        self._events: list[DealEvent] = []
        self.own: list[Delta] = []
        self.stages: list[Coded] = []

    def go_on(self, events: list[DealEvent]) -> "LateLog":
        """Read the late events added since the last call."""
        if in_common(self._events, events) < len(self._events):
            self._events, self.own, self.stages = [], [], []
        for event in events[len(self._events) :]:
            self.own.append(Delta(f"late.d:crm.deal.{event.kind}", event.time, 1))
            stage = stage_named(event.data)
            if stage and event.kind in STAGE_EVENTS:
                self.stages.append((self._code(stage), Delta(f"late.g:crm.deal.{event.kind}", event.time, 1)))
        self._events = events
        return self


class DealLogs:
    """What is kept between two events of a deal with many events."""

    def __init__(self, sets: Segments) -> None:
        self.code = partial(_code, sets)
        self.stays = StayLog(self.code)
        self.late = LateLog(self.code)


def _code(sets: Segments, stage: str) -> int:
    """The code of a stage's segment. A function, not a closure, as dormant tenants are pickled."""
    return sets.code((segment_of("stage", stage),))
