"""A record of a CRM: created, imported, merged away, deleted. Rules: kpi-precise "new_records_created"."""

from collections.abc import Iterator
from typing import Any, Final

from kpis.cells.deltas import Delta

RecordEvent = list[Any]  # [t, kind, source, id, imported]
GONE: Final = ("merged", "deleted")


def record_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> RecordEvent:
    """What is kept of an event of a record. ``kind`` is the type without ``crm.record.``."""
    return [time, kind, source, id_, data.get("origin") == "import"]


def record_deltas(events: list[RecordEvent]) -> Iterator[Delta]:
    """What a record adds to the numbers, all at its first creation. A later creation brings a deleted one back."""
    created = sorted((event for event in events if event[1] == "created"), key=_stamp)
    if not created:
        return
    first, newest = created[0], created[-1]
    if first[4]:
        yield Delta("records_imported", first[0], 1)
        return
    yield Delta("records", first[0], 1)
    if any(event[1] in GONE and _stamp(event) > _stamp(newest) for event in events):
        yield Delta("records_gone", first[0], 1)


def _stamp(event: RecordEvent) -> tuple[int, str, str]:
    return event[0], event[2], event[3]
