"""A support ticket: opened, resolved, how long that took. Rules: kpi-precise "ticket_resolution_hours"."""

from collections.abc import Iterator
from typing import Any

from kpis.cells.deltas import Delta
from kpis.cells.log_buckets import bucket

TicketEvent = list[Any]  # [t, kind, source, id, seconds to the resolution or None]


def ticket_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> TicketEvent:
    """What is kept of an event of a ticket. ``kind`` is the type without ``crm.ticket.``."""
    told = data.get("resolution_s")
    return [time, kind, source, id_, None if told is None else int(told)]


def ticket_deltas(events: list[TicketEvent]) -> Iterator[Delta]:
    """What a ticket adds to the numbers: opened once, at first; resolved once, at last."""
    opened = min((event[0] for event in events if event[1] == "opened"), default=None)
    resolved = max((event for event in events if event[1] == "resolved"), key=_stamp, default=None)
    if opened is not None:
        yield Delta("tickets_opened", opened, 1)
    if resolved is None:
        return
    yield Delta("tickets_resolved", resolved[0], 1)
    seconds = resolved[4]
    if seconds is None and opened is not None:
        seconds = (resolved[0] - opened) // 1000
    if seconds is not None:
        yield Delta(f"ticket_seconds={bucket(seconds)}" if seconds >= 0 else "bad_ticket", resolved[0], 1)


def _stamp(event: TicketEvent) -> tuple[int, str, str]:
    return event[0], event[2], event[3]
