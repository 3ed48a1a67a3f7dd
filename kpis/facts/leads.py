"""A lead: when it came, when it became an opportunity. Rules: kpi-precise "lead", "opportunity"."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta

Stamp = tuple[int, str, str]  # t, id, source
NEVER: Final[Stamp] = (-FOREVER, "", "")


class LeadEvent(NamedTuple):
    """An event of a lead, at ``time`` ms. ``kind``: the type without ``crm.lead.``; ``deal``: what it became.

    The kind ``deal`` is a deal.created that carries the lead.
    """

    time: int
    kind: str
    source: str
    id: str
    deal: str | None

    @property
    def stamp(self) -> Stamp:
        """What orders the events of a lead."""
        return self.time, self.id, self.source


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead. Instants in ms: ``created`` is tl, ``opportunity`` tlo; ``end`` is that or when it was disqualified."""

    created: int
    opportunity: int | None
    end: int = FOREVER
    deals: frozenset[str] = frozenset()  # what it became


def read_lead(events: list[LeadEvent]) -> Lead | None:
    """The lead as its events leave it; None when only other events carry its id."""
    own = [event for event in events if event.kind != "deal"]
    if not own:
        return None
    created = [event.time for event in own if event.kind == "created"] or [event.time for event in own]
    undone = _latest_undone(own)
    converted = [
        event for event in own
        if event.kind == "converted" and event.deal
        and event.stamp >= max(undone.get(None, NEVER), undone.get(event.deal, NEVER))
    ]  # fmt: skip
    reached = converted + [event for event in events if event.kind == "deal"]
    ends = [event.time for event in (*reached, *(event for event in own if event.kind == "disqualified"))]
    opportunity = min((event.time for event in reached), default=None)
    return Lead(
        min(created), opportunity, min(ends, default=FOREVER), frozenset(event.deal for event in reached if event.deal)
    )


def _latest_undone(events: list[LeadEvent]) -> dict[str | None, Stamp]:
    """The latest word by deal that a conversion was taken back; None: whatever it became."""
    found: dict[str | None, Stamp] = {}
    for event in events:
        if event.kind == "unconverted":
            found[event.deal] = max(event.stamp, found.get(event.deal, NEVER))
    return found


class LeadLog:
    """A lead of many events, which only become more: those that decide what it is, and its attempts."""

    def __init__(self, events: list[LeadEvent]) -> None:
        self.events = events
        self.attempts: list[Delta] = []
        self._read = 0
        self._moves: list[LeadEvent] = []
        self._first: dict[tuple[str, str | None], LeadEvent] = {}  # of each other kind and deal only one counts

    def go_on(self) -> "LeadLog":
        """Read what came since."""
        for event in self.events[self._read :]:
            self.attempts += attempts([event])
            if event.kind in ("converted", "unconverted"):
                self._moves.append(event)
                continue
            held = self._first.setdefault((event.kind, event.deal), event)
            if event.time < held.time:
                self._first[event.kind, event.deal] = event
        self._read = len(self.events)
        return self

    @property
    def deciding(self) -> list[LeadEvent]:
        """The events that the others change nothing in: see `read_lead`."""
        return [*self._moves, *self._first.values()]


def attempts(events: list[LeadEvent]) -> Iterator[Delta]:
    """Tries at a step of the funnel: every event that says so, whatever became of it."""
    for event in events:
        if event.kind == "created":
            yield Delta("attempts.lead", event.time, 1)
        elif event.kind == "deal" or (event.kind == "converted" and event.deal):
            yield Delta("attempts.opportunity", event.time, 1)


def lead_deltas(lead: Lead) -> Iterator[Delta]:
    """What a lead adds to the numbers."""
    yield Delta("leads", lead.created, 1)
    if lead.opportunity is not None:
        yield Delta("opportunities", lead.opportunity, 1)
        yield Delta("opportunities_of_leads", lead.created, 1)
