"""Purchases: kept orders and won deals. Rules: kpi-precise "kept order", "revenue fact", "guest"."""

from bisect import bisect_left, insort
from operator import attrgetter
from typing import Final

from kpis.facts.spending import Purchase
from kpis.tenant.facts import TenantFacts
from kpis.tenant.readings import chain_of, deal_of

GUEST: Final = "order:"  # prefix of the id of a subject that is an order without an owner
PLACE: Final = attrgetter("place")  # sort key of purchases
REVENUE_KINDS: Final = {"orders": ("order",), "deals": ("deal",), "both": ("order", "deal")}


def purchase(tenant: TenantFacts, thing: str) -> Purchase | None:
    """The purchase of a won deal or kept order; None for any other."""
    kind, key = thing.split(":", 1)
    if kind == "order":
        order = chain_of(tenant, key).order(tenant.settings)
        return Purchase(order.time, thing, order.net, order.currency) if order is not None and order.kept else None
    deal = deal_of(tenant, key)
    if deal.state != "won" or deal.closed is None:
        return None
    return Purchase(deal.closed, thing, deal.amount, deal.currency)


def purchases_of(tenant: TenantFacts, root: str, kind: str) -> list[Purchase]:
    """A subject's purchases of a kind (order, deal), sorted by time, then name. Callers must not modify the list."""
    held = tenant.people.retractions.cached.get((root, kind))
    if held is None:
        things = (f"{kind}:{key}" for key in tenant.people.owned_by(root, kind))
        held = [tenant.purchases[thing] for thing in things if thing in tenant.purchases]
        held.sort(key=PLACE)
        tenant.people.retractions.cached[root, kind] = held
    return held


def replace_purchase(tenant: TenantFacts, root: str, thing: str, found: Purchase | None) -> None:
    """Replace a subject's purchase (None: remove it, as it no longer is one)."""
    kind = thing.partition(":")[0]
    held = purchases_of(tenant, root, kind)
    before = tenant.purchases.pop(thing, None)
    if before is not None:
        del held[bisect_left(held, PLACE(before), key=PLACE)]
    if found is not None:
        tenant.purchases[thing] = found
        insort(held, found, key=PLACE)


def is_guest(root: str) -> bool:
    """Whether a subject is an order that never had an id of a person or account; it is not a customer."""
    return root.startswith(GUEST)


def customer_orders(tenant: TenantFacts, root: str) -> list[Purchase]:
    """A customer's kept orders; none for a guest. Callers must not modify the list."""
    return [] if is_guest(root) else purchases_of(tenant, root, "order")


def customer_revenue(tenant: TenantFacts, root: str) -> list[Purchase]:
    """A customer's revenue facts; none for a guest. Callers must not modify the list."""
    return [] if is_guest(root) else revenue_facts(tenant, root)


def order_minutes(tenant: TenantFacts, root: str) -> list[int]:
    """When a customer's kept orders were completed, minutes."""
    return [one.time // 60_000 for one in customer_orders(tenant, root)]


def is_revenue(tenant: TenantFacts, name: str) -> bool:
    """Whether the setting ``revenue_from`` makes a purchase of this name a revenue fact."""
    return name.partition(":")[0] in REVENUE_KINDS[tenant.settings.revenue_from]


def revenue_facts(tenant: TenantFacts, root: str) -> list[Purchase]:
    """A subject's revenue facts under the setting ``revenue_from``, sorted by time, then name."""
    first, *more = (purchases_of(tenant, root, kind) for kind in REVENUE_KINDS[tenant.settings.revenue_from])
    return sorted([*first, *more[0]], key=PLACE) if more and more[0] else first
