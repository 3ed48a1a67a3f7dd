"""Costs, each spread over its local days. Rules: kpi-precise "customer_acquisition_cost"."""

from collections.abc import Iterator
from datetime import date
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypedDict, cast

from kpis.calendar.zone import FIRST_DAY, LAST_DAY, Zone, date_day
from kpis.cells.deltas import Delta
from kpis.facts.money import money_deltas
from kpis.identity.ids import segment_of

KEPT: Final = ("amount", "currency", "purpose", "category", "period_start", "period_end", "channel")
LATE_COST: Final = "crm.cost.recorded"


class CostData(TypedDict, total=False):
    """A cost's fields: ``amount`` in minor units, both ends of its period as ISO dates, ``campaign`` by name."""

    amount: int
    currency: str
    purpose: str
    category: str
    period_start: str
    period_end: str
    channel: str
    campaign: str


class CostEvent(NamedTuple):
    """A cost as reported at ``time`` ms; of events with the same id, the latest wins."""

    time: int
    source: str
    id: str
    data: CostData
    late: bool

    @property
    def stamp(self) -> tuple[int, str, str]:
        """The sort key of a cost's events."""
        return self.time, self.source, self.id


Spent = Iterator[tuple[tuple[str, ...], Delta]]  # (segments, delta)


def cost_event(time: int, source: str, id_: str, data: dict[str, Any], late: bool) -> CostEvent:
    """The fact of a cost event."""
    kept = cast(CostData, {name: data[name] for name in KEPT if data.get(name) not in (None, "")})
    campaign = data.get("campaign")
    name = campaign.get("name") if isinstance(campaign, dict) else campaign
    if name not in (None, ""):
        kept["campaign"] = name
    return CostEvent(time, source, id_, kept, late)


def cost_days(event: CostEvent, zone: Zone) -> range:
    """A cost's local days, inclusive. A missing end is the day of the event, or the other end."""
    own, data = zone.day(event.time // 60_000), event.data
    first, last = _day(data.get("period_start"), own), _day(data.get("period_end"), own)
    if last < first:
        first = last = last if "period_end" in data else first
    return range(max(first, FIRST_DAY), min(last, LAST_DAY - 1) + 1)


def _day(text: str | None, default: int) -> int:
    return default if text is None else date_day(date.fromisoformat(text))


def cost_deltas(events: list[CostEvent], zone: Zone) -> Spent:
    """The deltas of a cost, from its latest event. Its late events count in their own segments."""
    for event in events:
        if event.late:
            channel, campaign = _segments(event.data)
            yield (channel,), Delta(f"late.a:{LATE_COST}", event.time, 1)
            yield (channel, campaign), Delta(f"late.m:{LATE_COST}", event.time, 1)
    yield from _spread(max(events, key=attrgetter("stamp")), zone)


def _spread(event: CostEvent, zone: Zone) -> Spent:
    """A share of the amount (minor units) at each day's midnight; the first days take the remainder."""
    data, days = event.data, cost_days(event, zone)
    amount = data.get("amount")
    for place, day in enumerate(days):
        share = None if amount is None else amount // len(days) + (place < amount % len(days))
        for base, segments in _measures(data):
            deltas = money_deltas(
                base, zone.midnight(day) * 60_000, None, share, data.get("currency"), zone, rated=None
            )
            yield from ((segments, delta) for delta in deltas)


def _measures(data: CostData) -> list[tuple[str, tuple[str, ...]]]:
    """The measures that a cost counts for, each with its segments."""
    channel, campaign = _segments(data)
    if data["purpose"] == "retention":
        return [("cost.retention", ())]
    if data["purpose"] != "acquisition":
        return []
    found: list[tuple[str, tuple[str, ...]]] = [("cost.acquisition", (channel,))]
    if ("channel" in data or "campaign" in data) and data.get("category", "marketing") == "marketing":
        found.append(("cost.marketing", (channel, campaign)))
    return found


def _segments(data: CostData) -> tuple[str, str]:
    return segment_of("channel", data.get("channel")), segment_of("campaign", data.get("campaign"))
