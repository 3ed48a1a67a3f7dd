"""The contribution of an order."""

from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution, Parts, coded
from kpis.facts.orders import order_deltas
from kpis.tenant.facts import TenantFacts
from kpis.tenant.purchases import is_guest
from kpis.tenant.readings import chain_of


def of_order(tenant: TenantFacts, key: str) -> Contribution:
    """An order, in the segments of its subject."""
    for segments, deltas in order_parts(tenant, key).values():
        yield from coded(segments, deltas)


def order_parts(tenant: TenantFacts, key: str) -> Parts:
    """An order's contribution in parts: the order itself, and its refunds."""
    chain = chain_of(tenant, key)
    order = chain.order(tenant.settings)
    if order is None:
        return {}
    subject = tenant.people.subject(f"order:{key}")
    segments = tenant.people.segments(subject)
    guests = [Delta("guests", order.time, 1)] if order.kept and is_guest(subject) else []
    own = [*order_deltas(order, tenant.zone), *guests, *chain.cancellation()]
    return {"own": (segments, own), "refunds": (segments, chain.refunds())}
