"""Leads: when created, and when they became an opportunity. Rules: kpi-precise "lead", "opportunity"."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta

Stamp = tuple[int, str, str]  # ms, id, source
NEVER: Final[Stamp] = (-FOREVER, "", "")


class LeadEvent(NamedTuple):
    """A lead event at ``time`` ms. ``kind``: the type without ``crm.lead.``; ``deal``: the deal it became.

    The kind ``deal`` stands for a deal.created that names the lead.
    """

    time: int
    kind: str
    source: str
    id: str
    deal: str | None

    @property
    def stamp(self) -> Stamp:
        """The sort key of a lead's events."""
        return self.time, self.id, self.source


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead. Instants in ms: ``created`` is tl, ``opportunity`` tlo; ``end``: tlo or a disqualification."""

    created: int
    opportunity: int | None
    end: int = FOREVER
    deals: frozenset[str] = frozenset()  # the deals it became


def read_lead(events: list[LeadEvent]) -> Lead | None:
    """A lead's current state; None if only other entities' events carry its id."""
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
    """The latest ``unconverted`` by deal; key None: for any deal."""
    found: dict[str | None, Stamp] = {}
    for event in events:
        if event.kind == "unconverted":
            found[event.deal] = max(event.stamp, found.get(event.deal, NEVER))
    return found


class LeadLog:
    """A lead with many events, only ever appended to: the events that determine it, and its attempts."""

    def __init__(self, events: list[LeadEvent]) -> None:
        self.events = events
        self.attempts: list[Delta] = []
        self._read = 0
        self._moves: list[LeadEvent] = []
        self._first: dict[tuple[str, str | None], LeadEvent] = {}  # otherwise only the first by kind and deal counts

    def go_on(self) -> "LeadLog":
        """Read the events added since the last call."""
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
        """The events that determine the lead; `read_lead` gives the same without the others."""
        return [*self._moves, *self._first.values()]


def attempts(events: list[LeadEvent]) -> Iterator[Delta]:
    """Attempts at a step of the funnel: every event that reports one, whatever the outcome."""
    for event in events:
        if event.kind == "created":
            yield Delta("attempts.lead", event.time, 1)
        elif event.kind == "deal" or (event.kind == "converted" and event.deal):
            yield Delta("attempts.opportunity", event.time, 1)


def lead_deltas(lead: Lead) -> Iterator[Delta]:
    """The deltas of a lead."""
    yield Delta("leads", lead.created, 1)
    if lead.opportunity is not None:
        yield Delta("opportunities", lead.opportunity, 1)
        yield Delta("opportunities_of_leads", lead.created, 1)
