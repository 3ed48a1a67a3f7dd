"""The view of an arrived event: time, type, ids, verdict, and the KPIs it counts in. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from dashboard.catalog import texts
from dashboard.replies import instant
from kpis.catalog import CATALOG, Kpi
from kpis.catalog.row import matches
from kpis.intake.late import event_label
from models.record import BOT, Block, Refusal, Row
from models.tenants import TenantSettings

SHOWN: Final = 3  # KPIs per event
IDS: Final = (
    "customer_id", "lead_id", "contact_id", "user_id", "anonymous_id", "deal_id", "order_id", "refund_id",
    "subscription_id", "contract_id", "ticket_id", "message_id", "response_id", "record_id", "cost_id", "form_id",
)  # fmt: skip
REFUSED_IN: Final = ("invalid_rate", "rejected_rate")
ROBOTS_IN: Final = ("bot_rate",)
OTHERS_IN: Final = ("received",)


class Arrival(NamedTuple):
    """An event of a block, not yet formatted. ``topic`` and ``partition``: of the input."""

    topic: str
    partition: int
    what: Row | Refusal


def arrivals(block: Block) -> list[Arrival]:
    """Accepted and rejected events of a block, by offset."""
    found = [Row(*row) for row in block["rows"]] + [Refusal(*one) for one in block["refused"]]
    topic, partition = block["topic"], block["partition"]
    return [Arrival(topic, partition, one) for one in sorted(found, key=lambda one: one.offset)]


def described(arrival: Arrival, tenant: TenantSettings) -> dict[str, Any]:
    """An event as returned by the API: ids, but no texts or traits. Of a rejected one only the reason is known."""
    topic, partition, what = arrival
    place = f"{topic}/{partition}/{what.offset}"
    received = instant(what.received) if what.received >= 0 else None
    head = {"place": place, "received": received, "topic": topic}
    if isinstance(what, Refusal):
        return {**head, "verdict": "rejected", "reason": what.reason, "ids": {}, "counts_in": list(REFUSED_IN)}
    return {
        **head,
        "time": instant(what.time),
        "type": what.type,
        "source": what.source,
        "id": what.id,
        "verdict": _verdict(what, tenant),
        "ids": ids_of(what.data),
        "counts_in": list(ROBOTS_IN if what.flags & BOT else counts_in(event_label(what), tenant.revenue_from)),
    }


def ids_of(data: Mapping[str, Any]) -> dict[str, str]:
    """The ids of customers, deals, orders … in an event."""
    return {name: value for name in IDS if isinstance(value := data.get(name), str) and value}


@lru_cache(1024)
def counts_in(label: str, revenue_from: str) -> Sequence[str]:
    """KPIs that use an event type, most specific first: those with the fewest other types."""
    found = [kpi for kpi in _plain() if matches(kpi.events_by(revenue_from), label)]
    return [kpi.id for kpi in sorted(found, key=lambda kpi: len(kpi.events))[:SHOWN]] or OTHERS_IN


def _plain() -> Iterable[Kpi]:
    """KPIs with their own docs page: no variants, and none about the stream itself."""
    return (kpi for kpi in CATALOG if not kpi.quality and texts()[kpi.id]["page"] == kpi.id)


def _verdict(row: Row, tenant: TenantSettings) -> str:
    if row.flags & BOT:
        return "robot"
    return "late" if row.received - row.time > tenant.late_threshold_s * 1000 else "accepted"
