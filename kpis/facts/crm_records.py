"""CRM records: created, imported, merged away, deleted. Rules: kpi-precise "new_records_created"."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final, NamedTuple

from kpis.cells.deltas import Delta

GONE: Final = ("merged", "deleted")


class RecordEvent(NamedTuple):
    """A record event at ``time`` ms. ``kind`` is the type without ``crm.record.``."""

    time: int
    kind: str
    source: str
    id: str
    imported: bool

    @property
    def stamp(self) -> tuple[int, str, str]:
        """The sort key of a record's events."""
        return self.time, self.source, self.id


def record_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> RecordEvent:
    """The fact of a record event."""
    return RecordEvent(time, kind, source, id_, data.get("origin") == "import")


def record_deltas(events: list[RecordEvent]) -> Iterator[Delta]:
    """The deltas of a record, all dated at its first creation. A later creation restores a deleted record."""
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
