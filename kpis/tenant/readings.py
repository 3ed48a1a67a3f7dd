"""Deals, orders, subscriptions and customers as read from their events; those with many events are cached."""

from kpis.cells.ledger import MANY
from kpis.facts.deal_history import History, Reading
from kpis.facts.deals import (
    Deal,
    read_deal,
)
from kpis.facts.orders import Chain
from kpis.facts.prices import Prices
from kpis.facts.reported import Reported
from kpis.facts.stages import Stay
from kpis.tenant.facts import TenantFacts


def prices_of(tenant: TenantFacts, key: str) -> Prices:
    """A subscription as read; if it has many events, only the new ones are read."""
    events = tenant.subscriptions.get(key, [])
    if len(events) <= MANY:
        return Prices(events)
    prices = tenant.prices.get(key)
    if prices is None or not prices.of(events):
        prices = tenant.prices[key] = Prices(events)
    return prices.go_on()


def chain_of(tenant: TenantFacts, key: str) -> Chain:
    """An order as read, cached for the batch; if it has many events, only the new ones are ever read."""
    events = tenant.orders.get(key, [])
    kept = tenant.chains if len(events) > MANY else tenant.chains_of_batch
    chain = kept.get(key)
    if chain is None or not chain.of(events):
        chain = kept[key] = Chain(tenant.zone, events)
        return chain
    return chain.go_on()


def deal_of(tenant: TenantFacts, key: str) -> Deal:
    """A deal's current state."""
    events = tenant.deals.get(key, [])
    return reading(tenant, key).deal if len(events) > MANY else read_deal(events, tenant.settings)


def reading(tenant: TenantFacts, key: str) -> Reading:
    """A deal with its history, as read from its events."""
    events = tenant.deals.get(key, [])
    if len(events) <= MANY:
        return Reading(events, tenant.settings)
    history = tenant.histories.get(key)
    if history is None or not history.of(events):
        history = tenant.histories[key] = History(tenant.settings)
    history.go_on(events)
    return history


def reported_of(tenant: TenantFacts, raw: str) -> Reported:
    """What the CRM reported of an id; if there are many events, only the new ones are read."""
    events = tenant.customers.get(raw, [])
    if len(events) <= MANY:
        return Reported(events).go_on()
    reported = tenant.reported.get(raw)
    if reported is None or reported.events is not events:
        reported = tenant.reported[raw] = Reported(events)
    return reported.go_on()


def deal_stays(tenant: TenantFacts, key: str) -> list[Stay]:
    """A deal's times in stages; none if it was merged away or deleted."""
    return stays_of(reading(tenant, key))


def stays_of(read: Reading) -> list[Stay]:
    """The times in stages of a deal as read; none if it was merged away or deleted."""
    return [] if read.deal.state in ("merged", "deleted") else read.stays()
