"""Settlement, once a batch: deals and orders that became purchases, changed, or no longer are."""

from kpis.contributions.acquisition import BEGINNING
from kpis.facts.spending import Purchase
from kpis.tenant.purchases import is_guest, purchase, purchases_of, replace_purchase, revenue_facts
from kpis.tenant.tenant import Tenant


def settle(tenant: Tenant) -> None:
    """Compare the batch's deals and orders with the known purchases, and update the customers of those that differ."""
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
    """Retract what a purchase changes. Acquisition changes only if no earlier purchase of the same kind exists."""
    tenant.customer_index.note(subject)
    tenant.engagement.note_purchases(subject)
    held = purchases_of(tenant, subject, thing.partition(":")[0])
    if not held or any(one is not None and one.time <= held[0].time for one in (before, found)):
        tenant.ledger.open("acquisition", subject)
    if before is None:
        tenant.ledger.open_empty("credit", thing)
    else:
        tenant.ledger.open("credit", thing)


def _note_last(tenant: Tenant, subject: str) -> None:
    """Update the subject's horizon: only touches up to its last sale can earn credit."""
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
        tenant.person_sets.rebuild(subject)


def open_buyer(tenant: Tenant, root: str) -> None:
    """Retract what depends on a subject's purchases."""
    tenant.customer_index.note(root)
    tenant.ledger.open("acquisition", root)
    tenant.engagement.note_purchases(root)
