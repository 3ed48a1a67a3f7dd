"""Purchases: orders that stand and deals that were won. Rules: kpi-precise "kept order" and "revenue fact"."""

from typing import TYPE_CHECKING, Final, NamedTuple

from kpis.deal_history import deal_of
from kpis.orders import chain_of

if TYPE_CHECKING:
    from kpis.tenant import Tenant

REVENUE_KINDS: Final = {"orders": ("order",), "deals": ("deal",), "both": ("order", "deal")}


class Purchase(NamedTuple):
    """When (ms), and its net in minor units; None: unpriced. ``name`` is the object's kind and id."""

    time: int
    name: str
    amount: int | None
    currency: str | None


def purchase(tenant: "Tenant", thing: str) -> Purchase | None:
    """A deal that was won or an order that stands, else None."""
    kind, key = thing.split(":", 1)
    if kind == "order":
        order = chain_of(tenant, key).order(tenant.settings)
        return Purchase(order.time, thing, order.net, order.currency) if order is not None and order.kept else None
    deal = deal_of(tenant, key)
    if deal.state != "won" or deal.closed is None:
        return None
    return Purchase(deal.closed, thing, deal.amount, deal.currency)


def purchases_of(tenant: "Tenant", root: str, *kinds: str) -> list[Purchase]:
    """A subject's purchases of these kinds (order, deal), in order of time, then name."""
    things = (f"{kind}:{key}" for kind in kinds for key in tenant.people.owned_by(root, kind))
    return sorted((tenant.purchases[thing] for thing in things if thing in tenant.purchases), key=lambda one: one[:2])


def order_minutes(tenant: "Tenant", root: str) -> list[int]:
    """When a subject's orders that stand were completed, minutes."""
    return [one.time // 60_000 for one in purchases_of(tenant, root, "order")]


def is_revenue(tenant: "Tenant", name: str) -> bool:
    """Whether a purchase of this name is a revenue fact, by the setting ``revenue_from``."""
    return name.partition(":")[0] in REVENUE_KINDS[tenant.settings.revenue_from]


def revenue_facts(tenant: "Tenant", root: str) -> list[Purchase]:
    """A subject's revenue facts, by the setting ``revenue_from``, in order of time, then name."""
    return purchases_of(tenant, root, *REVENUE_KINDS[tenant.settings.revenue_from])


def settle(tenant: "Tenant") -> None:
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
            tenant.people.sets.step(thing)
    tenant.unsettled.clear()


def _settle_buyer(tenant: "Tenant", subject: str, before: Purchase | None, found: Purchase | None) -> None:
    if before is None and found is not None:
        tenant.people.sets.buy(subject, found.time // 60_000)
    elif before is None or found is None or found.time != before.time:
        tenant.people.sets.remake(subject)


def open_buyer(tenant: "Tenant", root: str) -> None:
    """Open what a subject's purchases change."""
    tenant.ledger.open("customer", root)
    tenant.ledger.open("acquisition", root)
    tenant.scored.doubt(root)
