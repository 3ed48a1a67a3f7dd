"""Deals and their histories, where each event is read only once even if there are thousands.

A deal with few events is read on demand. For one with many, the reader's state is kept: a new last event continues from
there, an event slightly out of order from one of two earlier snapshots.
"""

from array import array
from bisect import bisect_left
from copy import copy
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np

from kpis.calendar.intervals import FOREVER, Interval, union
from kpis.cells.deltas import DAY_MS, QUARTER_MS, Delta, ceil_quarter
from kpis.facts.deals import (
    Cursor,
    DealEvent,
    DealReader,
    created_at,
    first_created,
    first_of,
    in_order,
    is_versioned,
    place_of,
    stale_intervals,
)
from kpis.facts.stages import Stay, StaysReader
from models.tenants import TenantSettings

BETWEEN: Final = 64  # events between snapshots


class Reading:
    """A deal with few events."""

    def __init__(self, events: list[DealEvent], settings: TenantSettings) -> None:
        self._reader, self._staying = DealReader(settings), StaysReader()
        self._events = events
        self._settings = settings
        self.deal = self._reader.deal
        self.deal.created = first_created(events)
        for event in in_order(events):
            self._staying.take(event, self._reader.take(event))

    def stays(self) -> list[Stay]:
        """Its times in stages."""
        return [*self._staying.found, *self._staying.current()]

    def stale(self) -> list[Interval]:
        """When the deal was stale, ms."""
        return stale_intervals(self._events, self._settings)

    def won(self) -> list[Delta]:
        """The attempts to win it that events reported as won."""
        return [Delta("attempts.won", at, 1) for at in self._reader.attempts]

    def late(self) -> list[DealEvent]:
        """The deal's late events."""
        return [event for event in self._events if event.late]


class Place(NamedTuple):
    """A snapshot of the readers after ``read`` events; ``lengths`` are those of their lists at that point."""

    read: int
    last: tuple[Any, ...]
    deal: dict[str, Any]
    stays: dict[str, Any]
    cursor: Cursor
    ends: tuple[list[tuple[int, bool]], list[Stay]]  # last items of the lists whose last item may change
    lengths: tuple[int, int, int, int]


class History(Reading):
    """A deal with many events, which is only ever appended to."""

    def __init__(self, settings: TenantSettings) -> None:
        super().__init__([], settings)
        self._late = list[DealEvent]()
        self._first: DealEvent | None = None  # the deal.created that precedes all others
        self._times = array("q")  # distinct times of its events, sorted
        self._read = 0
        self._begin(versioned=True)

    def _begin(self, *, versioned: bool) -> None:
        created = self.deal.created
        self._reader, self._staying = DealReader(self._settings), StaysReader()
        self.deal = self._reader.deal
        self.deal.created = created
        self._versioned = versioned
        self._order: list[DealEvent] = []  # its events, sorted
        self._last: tuple[Any, ...] = ()
        self._places: list[Place] = [self._place()]

    def of(self, events: list[DealEvent]) -> bool:
        """Whether it was read from this list, and the list has not become shorter."""
        return self._read == 0 or (events is self._events and len(events) >= self._read)

    def go_on(self, events: list[DealEvent]) -> None:
        """Read the events added since the last call."""
        new = events[self._read :]
        if not new:
            return
        self._events, self._read = events, len(events)
        for event in new:
            self._note(event)
        versioned, first = self._versioned and is_versioned(new), first_of(filter(None, (self._first, *new)))
        if versioned != self._versioned or first is not self._first:
            self._first = first
            self._begin(versioned=versioned)
            self._follow(in_order(events))
            return
        new.sort(key=self._key)
        if self._key(new[0]) < self._last:
            new = self._go_back(new)
        self._follow(new)

    def _key(self, event: DealEvent) -> tuple[Any, ...]:
        return place_of(event, self._first, versioned=self._versioned)

    def _note(self, event: DealEvent) -> None:
        """Take from an event what does not depend on the order."""
        if (created := created_at(event)) is not None:
            self.deal.created = created if self.deal.created is None else min(created, self.deal.created)
        if event.late:
            self._late.append(event)
        at = bisect_left(self._times, event.time)
        if not event.data.get("unknown_time") and (at == len(self._times) or self._times[at] != event.time):
            self._times.insert(at, event.time)

    def _follow(self, events: list[DealEvent]) -> None:
        for event in events:
            self._staying.take(event, self._reader.take(event))
            self._order.append(event)
            if len(self._order) - self._places[-1].read >= BETWEEN:
                self._last = self._key(event)
                self._places[1:] = [*self._places[1:][-1:], self._place()]
        self._last = self._key(self._order[-1])

    def _go_back(self, new: list[DealEvent]) -> list[DealEvent]:
        """Restore the newest snapshot before the first of some new events; returns all events after it, sorted."""
        first = self._key(new[0])
        while self._places[-1].last > first:
            self._places.pop()
        place = self._places[-1]
        replayed = sorted([*islice(self._order, place.read, None), *new], key=self._key)
        del self._order[place.read :]
        self._put_back(place)
        return replayed

    def _place(self) -> Place:
        deal, staying = self.deal, self._staying
        return Place(
            len(self._order),
            self._last,
            {
                "state": deal.state,
                "closed": deal.closed,
                "amount": deal.amount,
                "currency": deal.currency,
                "attributes": dict(deal.attributes),
                "traits": dict(deal.traits),
            },
            {name: getattr(staying, name) for name in ("stage", "since", "running", "closed")},
            copy(self._reader.cursor),
            (deal.states[-1:], staying.found[-1:]),
            (len(deal.states), len(deal.stages), len(staying.found), len(self._reader.attempts)),
        )

    def _put_back(self, place: Place) -> None:
        deal, staying = self.deal, self._staying
        for name, value in place.deal.items():
            setattr(deal, name, dict(value) if isinstance(value, dict) else value)
        for name, value in place.stays.items():
            setattr(staying, name, value)
        self._reader.cursor = copy(place.cursor)
        states, stages, found, attempts = place.lengths
        del deal.states[states:], deal.stages[stages:], staying.found[found:], self._reader.attempts[attempts:]
        deal.states[-1:], staying.found[-1:] = place.ends

    def stale(self) -> list[Interval]:
        """When the deal was stale, ms."""
        wait = self._settings.stale_days * DAY_MS
        times = np.array(self._times, dtype=np.int64)
        after = np.append(times[1:], FOREVER)
        silent = np.flatnonzero(times + wait - QUARTER_MS < after)
        return union((ceil_quarter(int(times[at]) + wait), int(after[at])) for at in silent.tolist())

    def late(self) -> list[DealEvent]:
        """The deal's late events."""
        return list(self._late)
