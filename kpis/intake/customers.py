"""Handler for customer events."""

from kpis.cells.ledger import MANY
from kpis.facts.reported import KINDS, CustomerEvent
from kpis.intake.attribution import note_reported
from kpis.intake.contracts import open_business
from kpis.intake.sales import source_and_owner
from kpis.intake.unpicked import keeps
from kpis.tenant.tenant import Tenant
from models.record import Row


def take_customer(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A customer event."""
    customer = f"customer:{row.data['customer_id']}"
    if not keeps(tenant, customer):
        return
    if kind in KINDS:
        root = tenant.people.subject(customer)
        if kind == "created" or len(tenant.customers.get(customer, ())) <= MANY:
            tenant.people.retractions.subject(root)
        else:
            open_business(tenant, root)
        note_reported(tenant, root)
        tenant.people.hold(customer)
        fact = CustomerEvent(row.time, row.source, row.id, kind, row.data.get("source"))
        tenant.file("customer", customer, tenant.customers, fact)
    source_and_owner(tenant, row)
