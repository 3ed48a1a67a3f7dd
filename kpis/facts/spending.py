"""Customer spending: first business, and lifetime value. Rules: kpi-precise "new_business_revenue" and
"customer_lifetime_value".

Lifetime value (``ltv``) is dated when the subject became a customer. Each amount is converted at the rate of its own
business day, so measures in a foreign currency include that day: ``ltv:SEK:20546``.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from kpis.calendar.zone import Zone
from kpis.cells.deltas import Delta, in_common
from kpis.facts.customers import CustomerFacts
from kpis.facts.money import dated_name, money_deltas
from models.tenants import TenantSettings


class Purchase(NamedTuple):
    """A won deal or kept order at ``time`` ms. ``amount``: net, minor units (None: unpriced); ``name``: kind and id."""

    time: int
    name: str
    amount: int | None
    currency: str | None

    @property
    def place(self) -> tuple[int, str]:
        """The sort key of purchases."""
        return self.time, self.name


class Spending(NamedTuple):
    """A subject's revenue facts, sorted by time, and its first business."""

    since: int | None  # when it became a customer, ms
    revenue: Sequence[Purchase]
    first: tuple[int, int | None, str | None] | None  # instant ms, minor units, currency


NOTHING_SPENT: Final = Spending(None, (), None)


def read_spending(
    facts: CustomerFacts, since: int | None, revenue: Sequence[Purchase], settings: TenantSettings
) -> Spending:
    """Read a subject's spending from its facts."""
    return Spending(since, revenue, _first_business(facts, revenue, settings))


def spending_changes(
    before: Spending, after: Spending, settings: TenantSettings, zone: Zone
) -> Iterator[Delta]:  # fmt: skip
    """The difference between a subject's deltas ``after`` and ``before``."""
    if before.first != after.first:
        for sign, first in ((-1, before.first), (1, after.first)):
            if first is not None:
                instant, amount, currency = first
                for measure, at, added in money_deltas(
                    "new_business", instant, None, amount, currency, zone, rated=None
                ):  # fmt: skip
                    yield Delta(measure, at, sign * added)
    same = in_common(before.revenue, after.revenue) if before.since == after.since else 0
    for sign, one in ((-1, before), (1, after)):
        if one.since is not None:
            yield from _lifetime_value(one.since, one.revenue[same:], sign, settings, zone)


def _lifetime_value(
    since: int, revenue: Iterable[Purchase], sign: int, settings: TenantSettings, zone: Zone
) -> Iterator[Delta]:
    for time, _, amount, currency in revenue:
        if amount is None or currency is None:
            yield Delta("ltv#:", since, sign)
            continue
        name = dated_name(currency, zone.day(time // 60_000), settings.currency)
        yield Delta(f"ltv#:{name}", since, sign)
        if amount:
            yield Delta(f"ltv:{name}", since, sign * amount)


def _first_business(
    facts: CustomerFacts, revenue: Sequence[Purchase], settings: TenantSettings
) -> tuple[int, int | None, str | None] | None:
    """The first price, if there ever was a contract and not only deals are revenue; else the first revenue fact."""
    if facts.subscriptions and settings.revenue_from != "deals":
        plans = (one.first_plan for one in facts.subscriptions)
        plan = min(filter(None, plans), key=attrgetter("place"), default=None)
        return None if plan is None else (plan.effective, plan.mrr, plan.currency)
    if not revenue:
        return None
    return revenue[0].time, revenue[0].amount, revenue[0].currency
