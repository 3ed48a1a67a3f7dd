"""What the tenant spends: each cost spread over its local days. Rules: kpi-precise "customer_acquisition_cost"."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from kpis.calendar.zone import FIRST_DAY, LAST_DAY, Zone, date_day
from kpis.cells.deltas import Delta
from kpis.facts.money import money_deltas
from kpis.identity.ids import segment_of

CostEvent = list[Any]  # [t, source, id, data, late]; data holds KEPT fields, campaign as its name
KEPT: Final = ("amount", "currency", "purpose", "category", "period_start", "period_end", "channel")
LATE_COST: Final = "crm.cost.recorded"

Spent = Iterator[tuple[tuple[str, ...], Delta]]  # (segments, change)


def cost_event(time: int, source: str, id_: str, data: dict[str, Any], late: bool) -> CostEvent:
    """What is kept of a cost."""
    kept = {name: data[name] for name in KEPT if data.get(name) not in (None, "")}
    campaign = data.get("campaign")
    name = campaign.get("name") if isinstance(campaign, dict) else campaign
    if name not in (None, ""):
        kept["campaign"] = name
    return [time, source, id_, kept, late]


def cost_days(event: CostEvent, zone: Zone) -> range:
    """Local days of a cost, both ends included. An end that is not given is the day of the event, or the other end."""
    own, data = zone.day(event[0] // 60_000), event[3]
    first, last = (_day(data.get(name), own) for name in ("period_start", "period_end"))
    if last < first:
        first = last = last if "period_end" in data else first
    return range(max(first, FIRST_DAY), min(last, LAST_DAY - 1) + 1)


def _day(text: str | None, default: int) -> int:
    return default if text is None else date_day(date.fromisoformat(text))


def cost_deltas(events: list[CostEvent], zone: Zone) -> Spent:
    """What a cost adds to the numbers: the latest event of its id holds; its late events count where they say."""
    for event in events:
        if event[4]:
            channel, campaign = _segments(event[3])
            yield (channel,), Delta(f"late.a:{LATE_COST}", event[0], 1)
            yield (channel, campaign), Delta(f"late.m:{LATE_COST}", event[0], 1)
    yield from _spread(max(events, key=lambda event: event[:3]), zone)


def _spread(event: CostEvent, zone: Zone) -> Spent:
    """A share of the amount at each day's midnight, in minor units; what does not divide is on the first days."""
    data, days = event[3], cost_days(event, zone)
    amount = data.get("amount")
    for place, day in enumerate(days):
        share = None if amount is None else amount // len(days) + (place < amount % len(days))
        for base, segments in _measures(data):
            deltas = money_deltas(
                base, zone.midnight(day) * 60_000, None, share, data.get("currency"), zone, rated=None
            )
            yield from ((segments, delta) for delta in deltas)


def _measures(data: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """The measures a cost counts for, each with its segments."""
    channel, campaign = _segments(data)
    if data["purpose"] == "retention":
        return [("cost.retention", ())]
    if data["purpose"] != "acquisition":
        return []
    found: list[tuple[str, tuple[str, ...]]] = [("cost.acquisition", (channel,))]
    if ("channel" in data or "campaign" in data) and data.get("category", "marketing") == "marketing":
        found.append(("cost.marketing", (channel, campaign)))
    return found


def _segments(data: dict[str, Any]) -> tuple[str, str]:
    return segment_of("channel", data.get("channel")), segment_of("campaign", data.get("campaign"))
