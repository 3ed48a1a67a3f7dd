"""Handlers for exchange rates, costs and targets."""

from datetime import date

from kpis.calendar.zone import date_day
from kpis.facts.costs import cost_event
from kpis.facts.money import Rate
from kpis.facts.targets import TargetEvent, key_of
from kpis.tenant.fx_dependents import open_rated
from kpis.tenant.tenant import Tenant
from models.record import Row


def take_fx(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An exchange rate."""
    data = row.data
    rate = Rate(row.time, row.source, row.id, str(data["rate"]))
    undated = not data.get("date")
    day = tenant.zone.day(row.time // 60_000) if undated else date_day(date.fromisoformat(data["date"]))
    open_rated(tenant, data["base"], data["quote"], day)
    if not undated:
        if tenant.rates.set(data["base"], data["quote"], day, rate):
            tenant.spend_table.reprice()
            tenant.dirty.add(("rate", (data["base"], data["quote"], day)))
        return
    quarter = row.time // 900_000
    if tenant.rates.set_undated(data["base"], data["quote"], quarter, day, rate):
        tenant.spend_table.reprice()
        tenant.dirty.add(("rate_undated", (data["base"], data["quote"], quarter)))


def take_cost(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A cost."""
    key = str(row.data["cost_id"])
    tenant.ledger.open("cost", key)
    tenant.file("cost", key, tenant.costs, cost_event(row.time, row.source, row.id, row.data, late))


def take_target(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A target, or that there is none any more. No cell depends on it."""
    key = key_of(row.data)
    tenant.file("target", key, tenant.targets.said, TargetEvent(row.time, row.source, row.id, row.data["value"]))
    tenant.targets.note(key)
