"""Handlers for subscription and contract events."""

from kpis.cells.ledger import MANY
from kpis.facts.customers import subscription_event
from kpis.facts.renewals import renewal_event
from kpis.intake.ownership import assign_object
from kpis.intake.unpicked import keeps_object
from kpis.tenant.fx_dependents import note_rated
from kpis.tenant.tenant import Tenant
from models.record import Row


def take_subscription(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A subscription event."""
    key = str(row.data["subscription_id"])
    if not keeps_object(tenant, f"subscription:{key}", row):
        return
    root = tenant.people.subject(f"subscription:{key}")
    if len(tenant.subscriptions.get(key, ())) > MANY:
        open_business(tenant, root)
    else:
        tenant.people.retractions.subject(root)
    assign_object(tenant, "subscription", key)
    event = subscription_event(row.time, kind, row.source, row.id, row.data)
    tenant.file("subscription", key, tenant.subscriptions, event)
    note_rated(tenant, f"subscription:{key}")


def open_business(tenant: Tenant, root: str) -> None:
    """Retract what a further subscription or customer event may change for its subject: activity and MRR."""
    for kind in ("acquisition", "mrr"):
        tenant.ledger.open(kind, root)
    tenant.customer_index.note(root)
    tenant.engagement.note_purchases(root)


def take_renewal(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A renewal event of a contract."""
    key = str(row.data["contract_id"])
    if not keeps_object(tenant, f"contract:{key}", row):
        return
    tenant.ledger.open("contract", key)
    assign_object(tenant, "contract", key)
    tenant.file("contract", key, tenant.contracts, renewal_event(row.time, kind, row.source, row.id, row.data))
    note_rated(tenant, f"contract:{key}")
