"""Deals and orders that became purchases, or ceased to be any: settled once a batch."""

from kpis.contributions.acquisition import BEGINNING
from kpis.facts.spending import Purchase
from kpis.tenant.purchases import is_guest, purchase, purchases_of, replace_purchase, revenue_facts
from kpis.tenant.tenant import Tenant


def settle(tenant: Tenant) -> None:
    """Deals and orders of the batch that became purchases, changed, or ceased to be any change their customer."""
    buyers = set()
    for thing in tenant.unsettled:
        before, found = tenant.purchases.get(thing), purchase(tenant, thing)
        if found == before:
            continue
        subject = tenant.people.subject(thing)
        buyers.add(subject)
        _open_changed(tenant, subject, thing, before, found)
        replace_purchase(tenant, subject, thing, found)
        if thing.startswith("order:"):
            _settle_buyer(tenant, subject, before, found)
        else:
            tenant.person_sets.step(thing)
    tenant.unsettled.clear()
    for subject in buyers:
        _note_last(tenant, subject)


def _open_changed(tenant: Tenant, subject: str, thing: str, before: Purchase | None, found: Purchase | None) -> None:
    """Open what a purchase changes: how its customer became one only where no purchase of its kind is before it."""
    tenant.customer_index.note(subject)
    tenant.engagement.doubt(subject)
    held = purchases_of(tenant, subject, thing.partition(":")[0])
    if not held or any(one is not None and one.time <= held[0].time for one in (before, found)):
        tenant.ledger.open("acquisition", subject)
    if before is None:
        tenant.ledger.open_empty("credit", thing)
    else:
        tenant.ledger.open("credit", thing)


def _note_last(tenant: Tenant, subject: str) -> None:
    """Touches up to the last sale may have a part in one."""
    horizon = tenant.horizons.get(subject)
    if horizon is not None:
        sales = revenue_facts(tenant, subject)
        tenant.horizons[subject] = horizon._replace(last=sales[-1].time if sales else BEGINNING)


def _settle_buyer(tenant: Tenant, subject: str, before: Purchase | None, found: Purchase | None) -> None:
    if is_guest(subject):
        return
    if before is None and found is not None:
        first, *later = purchases_of(tenant, subject, "order")[:2]
        again = None if not later else later[0].time if first == found else found.time
        tenant.person_sets.buy(subject, found.time // 60_000, None if again is None else again // 60_000)
    elif before is None or found is None or found.time != before.time:
        tenant.person_sets.remake(subject)


def open_buyer(tenant: Tenant, root: str) -> None:
    """Open what a subject's purchases change."""
    tenant.customer_index.note(root)
    tenant.ledger.open("acquisition", root)
    tenant.engagement.doubt(root)
