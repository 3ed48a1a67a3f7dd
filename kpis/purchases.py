"""Purchases: orders that stand and deals that were won. Rules: kpi-precise "kept order" and "revenue fact"."""

from typing import TYPE_CHECKING, Final, NamedTuple

from kpis.deals import read_deal
from kpis.orders import read_order

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
        order = read_order(tenant.orders.get(key, []), tenant.settings)
        return Purchase(order.time, thing, order.net, order.currency) if order is not None and order.kept else None
    deal = read_deal(tenant.deals.get(key, []), tenant.settings)
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


def revenue_facts(tenant: "Tenant", root: str) -> list[Purchase]:
    """A subject's revenue facts, by the setting ``revenue_from``, in order of time, then name."""
    return purchases_of(tenant, root, *REVENUE_KINDS[tenant.settings.revenue_from])
