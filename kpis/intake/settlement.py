"""Deals and orders that became purchases, or ceased to be any: settled once a batch."""

from kpis.facts.spending import Purchase
from kpis.tenant.purchases import purchase
from kpis.tenant.tenant import Tenant


def settle(tenant: Tenant) -> None:
    """Deals and orders of the batch that became purchases, changed, or ceased to be any change their customer."""
    for thing in tenant.unsettled:
        before, found = tenant.purchases.get(thing), purchase(tenant, thing)
        if found == before:
            continue
        subject = tenant.people.subject(thing)
        open_buyer(tenant, subject)
        tenant.ledger.open("credit", thing)
        if found is None:
            del tenant.purchases[thing]
        else:
            tenant.purchases[thing] = found
        if thing.startswith("order:"):
            _settle_buyer(tenant, subject, before, found)
        else:
            tenant.person_sets.step(thing)
    tenant.unsettled.clear()


def _settle_buyer(tenant: Tenant, subject: str, before: Purchase | None, found: Purchase | None) -> None:
    if before is None and found is not None:
        tenant.person_sets.buy(subject, found.time // 60_000)
    elif before is None or found is None or found.time != before.time:
        tenant.person_sets.remake(subject)


def open_buyer(tenant: Tenant, root: str) -> None:
    """Open what a subject's purchases change."""
    tenant.ledger.open("customer", root)
    tenant.ledger.open("acquisition", root)
    tenant.engagement.doubt(root)
