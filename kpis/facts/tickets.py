"""Support tickets: opened, resolved, and the time between. Rules: kpi-precise "ticket_resolution_hours"."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from kpis.cells.deltas import Delta
from kpis.cells.log_buckets import bucket


class TicketEvent(NamedTuple):
    """A ticket event at ``time`` ms. ``kind`` is the type without ``crm.ticket.``.

    ``resolution_s``: the time to resolution that the event reports, in seconds; None: not given.
    """

    time: int
    kind: str
    source: str
    id: str
    resolution_s: int | None

    @property
    def stamp(self) -> tuple[int, str, str]:
        """The sort key of a ticket's events."""
        return self.time, self.source, self.id


def ticket_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> TicketEvent:
    """The fact of a ticket event."""
    given = data.get("resolution_s")
    return TicketEvent(time, kind, source, id_, None if given is None else int(given))


def ticket_deltas(events: list[TicketEvent]) -> Iterator[Delta]:
    """The deltas of a ticket: opened once, at its first opening; resolved once, at its latest resolution."""
    opened = min((event.time for event in events if event.kind == "opened"), default=None)
    resolved = max((event for event in events if event.kind == "resolved"), key=attrgetter("stamp"), default=None)
    if opened is not None:
        yield Delta("tickets_opened", opened, 1)
    if resolved is None:
        return
    yield Delta("tickets_resolved", resolved.time, 1)
    seconds = resolved.resolution_s
    if seconds is None and opened is not None:
        seconds = (resolved.time - opened) // 1000
    if seconds is not None:
        yield Delta(f"ticket_seconds={bucket(seconds)}" if seconds >= 0 else "bad_ticket", resolved.time, 1)
