"""Deals, orders, subscriptions and customers as their events say: those of many events are kept as read."""

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
    """A subscription as read; of many events only the new ones are."""
    events = tenant.subscriptions.get(key, [])
    if len(events) <= MANY:
        return Prices(events)
    prices = tenant.prices.get(key)
    if prices is None or not prices.of(events):
        prices = tenant.prices[key] = Prices(events)
    return prices.go_on()


def chain_of(tenant: TenantFacts, key: str) -> Chain:
    """An order's events as read: once a batch; of many events, which only become more, only the new ones are."""
    events = tenant.orders.get(key, [])
    kept = tenant.chains if len(events) > MANY else tenant.chains_of_batch
    chain = kept.get(key)
    if chain is None or not chain.of(events):
        chain = kept[key] = Chain(tenant.zone, events)
        return chain
    return chain.go_on()


def deal_of(tenant: TenantFacts, key: str) -> Deal:
    """A deal as its events leave it."""
    events = tenant.deals.get(key, [])
    return reading(tenant, key).deal if len(events) > MANY else read_deal(events, tenant.settings)


def reading(tenant: TenantFacts, key: str) -> Reading:
    """A deal with all that is read of its events."""
    events = tenant.deals.get(key, [])
    if len(events) <= MANY:
        return Reading(events, tenant.settings)
    history = tenant.histories.get(key)
    if history is None or not history.of(events):
        history = tenant.histories[key] = History(tenant.settings)
    history.go_on(events)
    return history


def reported_of(tenant: TenantFacts, raw: str) -> Reported:
    """What was said of an id; of many events only the new ones are read."""
    events = tenant.customers.get(raw, [])
    if len(events) <= MANY:
        return Reported(events).go_on()
    told = tenant.reported.get(raw)
    if told is None or told.events is not events:
        told = tenant.reported[raw] = Reported(events)
    return told.go_on()


def deal_stays(tenant: TenantFacts, key: str) -> list[Stay]:
    """The stays of a deal; none of one that was merged away or deleted."""
    return stays_of(reading(tenant, key))


def stays_of(read: Reading) -> list[Stay]:
    """The stays of a deal as read; none of one that was merged away or deleted."""
    return [] if read.deal.state in ("merged", "deleted") else read.stays()
