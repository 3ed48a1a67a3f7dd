"""Rates of robot and unpriced events, dated at receipt."""

from typing import Final

from models.record import BOT, UNKNOWN_TYPE, UNPRICED, Row
from recount.facts import share
from recount.quality import Types, at
from recount.row import KpiRow
from recount.tenant import Tenant

PRICED: Final = (
    "crm.deal.", "crm.order.", "crm.subscription.started", "crm.subscription.changed", "crm.renewal.", "crm.payment.",
    "crm.cost.recorded",
)  # fmt: skip


def flagged_rows(tenant: Tenant) -> list[KpiRow]:
    """Shares of the events received."""

    def unpriced(row: Row) -> bool:
        given = [row.data[name] for name in ("amount", "mrr") if row.data.get(name) is not None]
        if row.flags & UNPRICED or not given or not row.data.get("currency"):
            return bool(row.flags & UNPRICED)
        return tenant.rates.price(1, row.data["currency"], row.time) is None

    def row(kpi: str, rows: list[Row]) -> KpiRow:
        lists = (at(one.received for one in rows), tenant.quality.received)
        return KpiRow(kpi, "ratio", Types(("crm.",)), None, share, lists, "Q", thin=True, robots=False)

    countable = [one for one in tenant.received if not one.flags & (BOT | UNKNOWN_TYPE)]
    return [
        row("unpriced_rate", [one for one in countable if one.type.startswith(PRICED) and unpriced(one)]),
        row("bot_rate", [one for one in tenant.received if one.flags & BOT]),
    ]
