"""A support ticket: opened, resolved, how long that took. Rules: kpi-precise "ticket_resolution_hours"."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from kpis.cells.deltas import Delta
from kpis.cells.log_buckets import bucket


class TicketEvent(NamedTuple):
    """An event of a ticket, at ``time`` ms. ``kind`` is the type without ``crm.ticket.``.

    ``resolution_s``: how long the resolution took as the event says, in seconds; None: it does not say.
    """

    time: int
    kind: str
    source: str
    id: str
    resolution_s: int | None

    @property
    def stamp(self) -> tuple[int, str, str]:
        """What orders the events of a ticket."""
        return self.time, self.source, self.id


def ticket_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> TicketEvent:
    """What is kept of an event of a ticket."""
    told = data.get("resolution_s")
    return TicketEvent(time, kind, source, id_, None if told is None else int(told))


def ticket_deltas(events: list[TicketEvent]) -> Iterator[Delta]:
    """What a ticket adds to the numbers: opened once, at first; resolved once, at last."""
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
