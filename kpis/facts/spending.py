"""What a customer brings in: its first business, and all of it. Rules: kpi-precise "new_business_revenue" and
"customer_lifetime_value".

Lifetime value is dated at the moment its customer became one (``ltv``). Each amount keeps the rate of its own business
day, so that day is in the name of what was paid in a foreign currency: ``ltv:SEK:20546``.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from kpis.calendar.zone import Zone
from kpis.cells.deltas import Delta
from kpis.facts.customers import CustomerFacts, customer_since
from kpis.facts.money import dated_name, money_deltas
from models.settings import TenantSettings


class Purchase(NamedTuple):
    """When (ms), and its net in minor units; None: unpriced. ``name`` is the object's kind and id."""

    time: int
    name: str
    amount: int | None
    currency: str | None

    @property
    def place(self) -> tuple[int, str]:
        """Where it comes among its customer's purchases."""
        return self.time, self.name


def spending_deltas(
    facts: CustomerFacts, revenue: Sequence[Purchase], settings: TenantSettings, zone: Zone
) -> Iterator[Delta]:
    """What a subject's revenue facts (in order of time) add to the numbers."""
    yield from _first_business(facts, revenue, settings, zone)
    since = customer_since(facts)
    for _, amount, currency, day in priced(revenue, zone) if since is not None else ():
        name = "" if currency is None else dated_name(currency, day, settings.currency)
        yield Delta(f"ltv#:{name}", since or 0, 1)
        if amount:
            yield Delta(f"ltv:{name}", since or 0, amount)


def priced(revenue: Sequence[Purchase], zone: Zone) -> Iterator[tuple[int, int, str | None, int]]:
    """(time, minor units, currency or None, local day) of revenue facts."""
    for time, _, amount, currency in revenue:
        known = amount is not None and currency is not None
        yield time, amount or 0 if known else 0, currency if known else None, zone.day(time // 60_000)


def _first_business(
    facts: CustomerFacts, revenue: Sequence[Purchase], settings: TenantSettings, zone: Zone
) -> Iterator[Delta]:
    """By contract for who ever had one, else the first revenue fact; where deals alone are revenue always that."""
    if facts.subscriptions and settings.revenue_from != "deals":
        plans = (one.first_plan for one in facts.subscriptions)
        plan = min(filter(None, plans), key=attrgetter("place"), default=None)
        if plan is not None:
            yield from money_deltas("new_business", plan.effective, None, plan.mrr, plan.currency, zone, rated=None)
    elif revenue:
        first = revenue[0]
        yield from money_deltas("new_business", first.time, None, first.amount, first.currency, zone, rated=None)
