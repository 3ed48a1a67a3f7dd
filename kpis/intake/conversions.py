"""Stores conversions, and retracts the clicks and page views they may follow."""

from kpis.tenant.tenant import Tenant
from models.record import Row


def take_conversion(tenant: Tenant, row: Row, raw: str) -> None:
    """Store a conversion, after retracting the clicks and page views it may follow."""
    click = row.data.get("click_id")
    tenant.people.hold(raw)
    root = tenant.people.subject(raw)
    tenant.ledger.open("hits", root)
    for other in tenant.clicks.subjects_of(click) if click else ():
        tenant.ledger.open("hits", other)
    tenant.conversions.add(raw, row.time, click)
    if "landing" not in tenant.ledger.unwanted:
        tenant.landings.convert(root, row.time, click)
