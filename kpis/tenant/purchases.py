"""Purchases: orders that stand and deals that were won. Rules: kpi-precise "kept order" and "revenue fact"."""

from operator import attrgetter
from typing import Final

from kpis.facts.spending import Purchase
from kpis.tenant.facts import TenantFacts
from kpis.tenant.readings import chain_of, deal_of

REVENUE_KINDS: Final = {"orders": ("order",), "deals": ("deal",), "both": ("order", "deal")}


def purchase(tenant: TenantFacts, thing: str) -> Purchase | None:
    """A deal that was won or an order that stands, else None."""
    kind, key = thing.split(":", 1)
    if kind == "order":
        order = chain_of(tenant, key).order(tenant.settings)
        return Purchase(order.time, thing, order.net, order.currency) if order is not None and order.kept else None
    deal = deal_of(tenant, key)
    if deal.state != "won" or deal.closed is None:
        return None
    return Purchase(deal.closed, thing, deal.amount, deal.currency)


def purchases_of(tenant: TenantFacts, root: str, *kinds: str) -> list[Purchase]:
    """A subject's purchases of these kinds (order, deal), in order of time, then name."""
    things = (f"{kind}:{key}" for kind in kinds for key in tenant.people.owned_by(root, kind))
    return sorted((tenant.purchases[thing] for thing in things if thing in tenant.purchases), key=attrgetter("place"))


def order_minutes(tenant: TenantFacts, root: str) -> list[int]:
    """When a subject's orders that stand were completed, minutes."""
    return [one.time // 60_000 for one in purchases_of(tenant, root, "order")]


def is_revenue(tenant: TenantFacts, name: str) -> bool:
    """Whether a purchase of this name is a revenue fact, by the setting ``revenue_from``."""
    return name.partition(":")[0] in REVENUE_KINDS[tenant.settings.revenue_from]


def revenue_facts(tenant: TenantFacts, root: str) -> list[Purchase]:
    """A subject's revenue facts, by the setting ``revenue_from``, in order of time, then name."""
    return purchases_of(tenant, root, *REVENUE_KINDS[tenant.settings.revenue_from])
