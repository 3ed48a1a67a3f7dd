"""A lead: when it came, when it became an opportunity. Rules: kpi-precise "lead", "opportunity"."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kpis.marks import FOREVER, Mark

LeadEvent = list[Any]  # [t, kind, source, id, deal_id or None]; kind "deal" is a deal.created that carries the lead


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead. Instants in ms: ``created`` is tl, ``opportunity`` tlo; ``end`` is that or when it was disqualified."""

    created: int
    opportunity: int | None
    end: int = FOREVER
    deals: frozenset[str] = frozenset()  # what it became


def read_lead(events: list[LeadEvent]) -> Lead | None:
    """The lead as its events leave it; None when only other events carry its id."""
    own = [event for event in events if event[1] != "deal"]
    if not own:
        return None
    created = [event[0] for event in own if event[1] == "created"] or [event[0] for event in own]
    undone = [event for event in own if event[1] == "unconverted"]
    converted = [event for event in own if event[1] == "converted" and event[4] and not _is_undone(event, undone)]
    reached = converted + [event for event in events if event[1] == "deal"]
    ends = [event[0] for event in (*reached, *(event for event in own if event[1] == "disqualified"))]
    opportunity = min((event[0] for event in reached), default=None)
    return Lead(min(created), opportunity, min(ends, default=FOREVER), frozenset(event[4] for event in reached))


def _is_undone(converted: LeadEvent, undone: list[LeadEvent]) -> bool:
    """Whether a later unconverted takes the conversion back: of the same deal, or of any."""
    return any(
        (event[0], event[3], event[2]) > (converted[0], converted[3], converted[2]) and event[4] in (None, converted[4])
        for event in undone
    )


def attempts(events: list[LeadEvent]) -> Iterator[Mark]:
    """Tries at a step of the funnel: every event that says so, whatever became of it."""
    for event in events:
        if event[1] == "created":
            yield Mark("attempts.lead", event[0], 1)
        elif event[1] == "deal" or (event[1] == "converted" and event[4]):
            yield Mark("attempts.opportunity", event[0], 1)


def lead_marks(lead: Lead) -> Iterator[Mark]:
    """What a lead adds to the numbers."""
    yield Mark("leads", lead.created, 1)
    if lead.opportunity is not None:
        yield Mark("opportunities", lead.opportunity, 1)
        yield Mark("opportunities_of_leads", lead.created, 1)
