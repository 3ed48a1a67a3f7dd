"""Activity inside the product: new records and tickets."""

from collections.abc import Callable, Sequence
from math import floor, log
from typing import Any, NamedTuple

from models.record import Row
from recount.facts import Fact, Figure, Source, dated, tally
from recount.identity import moment
from recount.quality import Types
from recount.row import KpiRow
from recount.tenant import Tenant


def gathered(rows: Sequence[Row], name: Callable[[Row], Any]) -> list[list[Row]]:
    """Rows grouped by ``name``, each group in time order."""
    found: dict[Any, list[Row]] = {}
    for row in sorted(rows, key=moment):
        found.setdefault(name(row), []).append(row)
    return list(found.values())


class Record(NamedTuple):
    """A created record."""

    imported: bool
    gone: bool


def records(tenant: Tenant) -> Source:
    """Every (object, record_id), dated at its first creation."""
    rows = [row for row in tenant.counted if row.type.startswith("crm.record.")]
    facts: list[Fact] = []
    for events in gathered(rows, lambda row: (str(row.data["object"]), str(row.data["record_id"]))):
        created = [row for row in events if row.type == "crm.record.created"]
        lost = [row for row in events if row.type in ("crm.record.merged", "crm.record.deleted")]
        if created:
            gone = any(moment(row) > moment(created[-1]) for row in lost)
            dims = tenant.dims_of_subject(tenant.people.subject_of_object("record", str(created[0].data["record_id"])))
            facts.append(Fact(created[0].time, dims, Record(created[0].data.get("origin") == "import", gone)))
    return dated(facts)


def new_records(test: Callable[[Record], bool]) -> Callable[[Sequence[Fact]], Figure]:
    """The number of records that pass a test."""
    return lambda facts: tally([fact for fact in facts if test(fact.what)])


class Tickets:
    """Tickets opened and resolved, each counted once."""

    def __init__(self, tenant: Tenant) -> None:
        rows = [row for row in tenant.counted if row.type.startswith("crm.ticket.")]
        opened: list[Fact] = []
        resolved: list[Fact] = []
        for events in gathered(rows, lambda row: str(row.data["ticket_id"])):
            begun = [row for row in events if row.type == "crm.ticket.opened"]
            done = [row for row in events if row.type == "crm.ticket.resolved"]
            subject = tenant.people.subject_of_object("ticket", str(events[0].data["ticket_id"]))
            dims = tenant.dims_of_subject(subject)
            opened += [Fact(row.time, dims) for row in begun[:1]]
            resolved += [Fact(row.time, dims, duration(row, begun[:1])) for row in done[-1:]]
        self.opened, self.resolved = dated(opened), dated(resolved)


def duration(done: Row, begun: Sequence[Row]) -> int | None:
    """Whole seconds to the resolution: as stated, else between the two events."""
    stated = done.data.get("resolution_s")
    if stated is not None:
        return int(stated)
    return (done.time - begun[0].time) // 1000 if begun else None


def median_of_buckets(seconds: Sequence[int]) -> float | None:
    """The median of seconds known to 1 %."""
    ordered = sorted(floor(log(max(second, 1)) / log(1.01)) for second in seconds)
    if not ordered:
        return None
    middle = [ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]]
    return float(sum(1.01 ** (place + 0.5) for place in middle) / 2)


def hours(facts: Sequence[Fact]) -> Figure:
    """Median hours; tickets resolved before they were opened are left out."""
    known = [fact.what for fact in facts if fact.what is not None]
    good = [seconds for seconds in known if seconds >= 0]
    median = median_of_buckets(good)
    parts = {"bad_interval": len(known) - len(good)}
    return Figure(None if median is None else median / 3600, None, None, len(good), parts=parts)


def activity_rows(tenant: Tenant) -> list[KpiRow]:
    """New records, and tickets."""
    created, tickets = records(tenant), Tickets(tenant)
    record, ticket = Types(("crm.record.",)), Types(("crm.ticket.",))

    def new(suffix: str, test: Callable[[Record], bool]) -> KpiRow:
        return KpiRow(f"new_records_created{suffix}", "count", record, "subject", new_records(test), (created,))

    return [
        new("", lambda one: not one.imported),
        new("_net", lambda one: not one.imported and not one.gone),
        new("_imported", lambda one: one.imported),
        KpiRow("tickets_opened", "count", ticket, "subject", tally, (tickets.opened,)),
        KpiRow("tickets_resolved", "count", ticket, "subject", tally, (tickets.resolved,)),
        KpiRow("ticket_resolution_hours", "hours", ticket, "subject", hours, (tickets.resolved,), thin=True),
    ]
