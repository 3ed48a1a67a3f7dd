"""The credit of a sale to channels and campaigns. Each revenue fact has its own group, of the same name.

A touch changes only later sales, so a customer's next sale costs the same however many came before.
"""

from collections.abc import Iterator
from typing import Final

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import DAY_MS, Delta
from kpis.cells.ledger import Contribution
from kpis.facts.attribution import MODELS, Touch, credits
from kpis.facts.money import money_deltas
from kpis.facts.spending import Purchase
from kpis.identity.ids import segment_of
from kpis.tenant.facts import TenantFacts
from kpis.tenant.journey import journey_of
from kpis.tenant.purchases import is_revenue, revenue_facts

CREDIT: Final = "credit"


def open_credits(tenant: TenantFacts, root: str, touched: int | None = None) -> None:
    """Retract a subject's sales: all of them, or those that a touch at ``touched`` (ms) may earn credit for."""
    start, end = (-FOREVER, FOREVER) if touched is None else (touched, touched + _reach(tenant))
    for sale in revenue_facts(tenant, root):
        if start <= sale.time < end:
            tenant.ledger.open(CREDIT, sale.name)


def of_credit(tenant: TenantFacts, name: str) -> Contribution:
    """A sale's credits under each attribution model, in its currency and at its time."""
    sale = tenant.purchases.get(name)
    if sale is None or not is_revenue(tenant, name):
        return
    journey = journey_of(tenant, tenant.people.subject(name))
    before = journey.between(sale.time - _reach(tenant) + 1, sale.time + 1)
    if not before:
        yield from ((0, delta) for delta in _money(tenant, "credit.none", sale, sale.amount))
    for model in MODELS if before else ():
        yield from _by_model(tenant, sale, before, model)


def _by_model(tenant: TenantFacts, sale: Purchase, before: list[Touch], model: str) -> Contribution:
    for pair, amount in credits(model, before, sale.amount or 0).items():
        code = campaign_code(tenant, pair)
        for delta in _money(tenant, f"credit.{model}", sale, None if sale.amount is None else amount):
            yield code, delta


def campaign_code(tenant: TenantFacts, pair: tuple[str, str]) -> int:
    """The code of the segments for a (channel, campaign) pair."""
    return tenant.sets.code((segment_of("channel", pair[0]), segment_of("campaign", pair[1])))


def _reach(tenant: TenantFacts) -> int:
    return tenant.settings.attribution_days * DAY_MS


def _money(tenant: TenantFacts, base: str, sale: Purchase, amount: int | None) -> Iterator[Delta]:
    return money_deltas(base, sale.time, None, amount, sale.currency, tenant.zone, rated=None)
