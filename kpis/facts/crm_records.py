"""A record of a CRM: created, imported, merged away, deleted. Rules: kpi-precise "new_records_created"."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final, NamedTuple

from kpis.cells.deltas import Delta

GONE: Final = ("merged", "deleted")


class RecordEvent(NamedTuple):
    """An event of a record, at ``time`` ms. ``kind`` is the type without ``crm.record.``."""

    time: int
    kind: str
    source: str
    id: str
    imported: bool

    @property
    def stamp(self) -> tuple[int, str, str]:
        """What orders the events of a record."""
        return self.time, self.source, self.id


def record_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> RecordEvent:
    """What is kept of an event of a record."""
    return RecordEvent(time, kind, source, id_, data.get("origin") == "import")


def record_deltas(events: list[RecordEvent]) -> Iterator[Delta]:
    """What a record adds to the numbers, all at its first creation. A later creation brings a deleted one back."""
    created = sorted((event for event in events if event.kind == "created"), key=attrgetter("stamp"))
    if not created:
        return
    first, newest = created[0], created[-1]
    if first.imported:
        yield Delta("records_imported", first.time, 1)
        return
    yield Delta("records", first.time, 1)
    if any(event.kind in GONE and event.stamp > newest.stamp for event in events):
        yield Delta("records_gone", first.time, 1)
