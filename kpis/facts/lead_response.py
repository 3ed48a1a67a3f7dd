"""Responses to leads. Rules: kpi-precise "speed_to_lead", "follow_ups_per_lead", "lead_abandonment_rate"."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.intervals import Interval
from kpis.calendar.zone import Zone, day_date
from kpis.cells.deltas import DAY_MS, QUARTER_MS, Delta, level_deltas
from kpis.cells.log_buckets import bucket
from kpis.facts.leads import Lead
from models.tenants import TenantSettings

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MIDNIGHT_AFTER: Final = "24:00"


def response_deltas(
    lead: Lead, touches: NDArray[np.int64], settings: TenantSettings, zone: Zone
) -> Iterator[Delta]:  # fmt: skip
    """The deltas of a lead's response, from the outbound touches of its subject (ms, sorted)."""
    if len(touches):
        first = int(touches[0])
        yield Delta(f"answered={bucket(max(0, first - lead.created) // 1000)}", lead.created, 1)
        worked = business_ms(lead.created, first, settings, zone) // 1000
        yield Delta(f"answered_business={bucket(worked)}", lead.created, 1)
    else:
        yield Delta("unanswered", lead.created, 1)
    further = touches[1:]
    yield Delta("follow_ups", lead.created, int(((further >= lead.created) & (further < lead.end)).sum()))
    yield from level_deltas("open_leads", [(lead.created, lead.end)] if lead.created < lead.end else [])
    yield from level_deltas("abandoned_leads", abandoned(lead, touches, settings))


def abandoned(lead: Lead, touches: NDArray[np.int64], settings: TenantSettings) -> list[Interval]:
    """When an open lead was abandoned: ``abandoned_days`` after its creation or latest touch, until the next. In ms."""
    contacts = np.append(lead.created, touches[(touches > lead.created) & (touches < lead.end)])
    silent = -(-(contacts + settings.abandoned_days * DAY_MS) // QUARTER_MS) * QUARTER_MS
    following = np.append(contacts[1:], lead.end)
    long = silent < following
    return list(zip(silent[long].tolist(), following[long].tolist(), strict=True))


def business_ms(start: int, end: int, settings: TenantSettings, zone: Zone) -> int:
    """Working time between two instants, ms: the work hours of workdays that are not holidays."""
    total = 0
    for number in range(zone.day(start // 60_000), zone.day(end // 60_000) + 1) if start < end else ():
        day = day_date(number)
        if day.isoweekday() in settings.workdays and day not in settings.holidays:
            opens, closes = (_local_instant(day, hour, zone.info) for hour in settings.work_hours)
            total += max(0, min(end, closes) - max(start, opens))
    return total


def _local_instant(day: date, hour: str, info: ZoneInfo) -> int:
    """The instant of a local time of day, ms."""
    if hour == MIDNIGHT_AFTER:
        day, hour = day + timedelta(days=1), "00:00"
    return round((datetime.combine(day, time.fromisoformat(hour), info) - EPOCH) / timedelta(milliseconds=1))
