"""What events of records and tickets do to a tenant's facts."""

from typing import TYPE_CHECKING

from kpis.records import record_event
from kpis.tickets import ticket_event
from models.record import Row

if TYPE_CHECKING:
    from kpis.tenant import Tenant


def take_record(tenant: "Tenant", kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of a record: its id is unique within its object only."""
    if kind == "updated":
        return
    thing = f"record:{row.data['record_id']}"
    key = f"{thing}\0{row.data['object']}"
    tenant.ledger.open("record", key)
    tenant.shelve_with("record", key, thing)
    tenant.file("record", key, tenant.records, record_event(row.time, kind, row.source, row.id, row.data))


def take_ticket(tenant: "Tenant", kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of a ticket."""
    key = f"ticket:{row.data['ticket_id']}"
    tenant.ledger.open("ticket", key)
    tenant.shelve_with("ticket", key, key)
    tenant.file("ticket", key, tenant.tickets, ticket_event(row.time, kind, row.source, row.id, row.data))
