"""A lead: when it came, when it became an opportunity. Rules: kpi-precise "lead", "opportunity"."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kpis.marks import Mark

LeadEvent = list[Any]  # [t, kind, source, id, deal_id or None]; kind "deal" is a deal.created that carries the lead


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead's two instants, ms: ``created`` (tl) and ``opportunity`` (tlo, None while it has none)."""

    created: int
    opportunity: int | None


def read_lead(events: list[LeadEvent]) -> Lead | None:
    """The lead as its events leave it; None when only other events carry its id."""
    own = [event for event in events if event[1] != "deal"]
    if not own:
        return None
    created = [event[0] for event in own if event[1] == "created"] or [event[0] for event in own]
    undone = [event for event in own if event[1] == "unconverted"]
    converted = [event[0] for event in own if event[1] == "converted" and event[4] and not _is_undone(event, undone)]
    reached = converted + [event[0] for event in events if event[1] == "deal"]
    return Lead(min(created), min(reached, default=None))


def _is_undone(converted: LeadEvent, undone: list[LeadEvent]) -> bool:
    """Whether a later unconverted takes the conversion back: of the same deal, or of any."""
    return any(
        (event[0], event[3], event[2]) > (converted[0], converted[3], converted[2]) and event[4] in (None, converted[4])
        for event in undone
    )


def lead_marks(lead: Lead) -> Iterator[Mark]:
    """What a lead adds to the numbers."""
    yield Mark("leads", lead.created, 1)
    if lead.opportunity is not None:
        yield Mark("opportunities", lead.opportunity, 1)
        yield Mark("opportunities_of_leads", lead.created, 1)
