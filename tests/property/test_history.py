"""Property of histories: whatever happened in whatever order, they say of the past what boards of then say."""

import asyncio
from fractions import Fraction
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone, bucket_start, day_date
from kpis.catalog import CATALOG
from kpis.publish.documents import Board
from kpis.publish.reads import PLACES, ROWS
from kpis.state.tenant_state import TenantState
from recount.compare import same
from recount.documents import Recount
from sinks.base import Point, Points, Publication
from sinks.memory import MemorySink
from tests.property.events import ends
from tests.property.lanes import Lane, World, arrivals, items, worlds
from tests.property.test_dormant import gaps, is_over
from tests.property.test_engine import few
from tests.property.test_kept import book

some = settings(few, max_examples=12)
IDS = [kpi.id for kpi in CATALOG if kpi.whole is not None]
# All of them take seconds: each example has a few, all examples many times all.
kpis = st.lists(st.sampled_from(IDS), min_size=1, max_size=6, unique=True).map(tuple)
NEVER = 1 << 30
DAY_MS = 86_400_000
KEPT = {"day": ("yesterday", 400), "week": ("last_week", 106), "month": ("last_month", 37)}


def publish(lane: Lane, sink: MemorySink, now: int, pieces: int) -> None:
    """Publish all that is due at an instant, made in slices of so many pieces."""
    more = True
    while more:
        left = iter(range(pieces))
        made = lane.engine.compose(now, live=True, enough=partial(is_over, left))
        assert not made.failures
        for one in made.slices:
            points = [Points(*found) for found in one.points]
            assert asyncio.run(sink.publish(Publication(one.tenant, 0, 0, 0, [], points=points)))
        more = made.more


def history(sink: MemorySink, tenant: str, step: str) -> dict[str, dict[str, Point]]:
    """What can be read of a tenant: KPI -> bucket -> point."""
    found = asyncio.run(sink.histories(tenant, list(ROWS), step))
    return {kpi: points for kpi, points in found.items() if points}


def closed_days(state: TenantState, now: int, unit: str, most: int) -> list[int]:
    """The first days of the units that are over, those of the first event and of the last ``most``."""
    zone, today = state.tenant.zone, state.tenant.zone.day((now - 1) // MINUTE_MS)
    if state.first is None:
        return []
    day, found = bucket_start(bucket_start(today, unit) - 1, unit), list[int]()
    while len(found) < most and day >= bucket_start(zone.day(state.first // MINUTE_MS), unit):
        found.append(day)
        day = bucket_start(day - 1, unit)
    return found


def name(day: int, unit: str) -> str:
    """How a bucket is called."""
    return day_date(day).isoformat()[: 7 if unit == "month" else 10]


def just_after(day: int, unit: str, zone: Zone) -> int:
    """The first instant at which a unit is over, ms."""
    longest = {"day": 1, "week": 7, "month": 31}[unit]
    return zone.midnight(bucket_start(day + longest, unit)) * MINUTE_MS + 1


def of_board(state: TenantState, as_of: int, window: str) -> dict[str, Point]:
    """Every KPI that a board of an instant has in a window."""
    board = Board(state, as_of)
    documents = [document for row in range(len(CATALOG)) for document in board.total(row, PLACES[window])]
    return {found["kpi"]: Point(found["value"], found["n"], found["status"]) for found in documents}


def check(data: st.DataObject, state: TenantState, sink: MemorySink, now: int) -> None:
    """The buckets are all that are over, and some of them say what a board of their end says."""
    tenant, zone = state.tenant.name, state.tenant.zone
    for unit, (window, most) in KEPT.items():
        found, days = history(sink, tenant, unit), closed_days(state, now, unit, most)
        names = sorted(name(day, unit) for day in days)
        for points in found.values():
            assert list(points) == names
        for day in data.draw(st.lists(st.sampled_from(days), max_size=3, unique=True)) if days else ():
            expected = of_board(state, just_after(day, unit, zone), window)
            assert {kpi: points[name(day, unit)] for kpi, points in found.items()} == expected


def check_hours(state: TenantState, sink: MemorySink, now: int) -> None:
    """Each hour that is published is that of a board of its end, and the last one is there."""
    found = history(sink, state.tenant.name, "hour")
    last = (now - 1) // 3_600_000 - 1
    for hour in range(last - 2, last + 1):
        known = {kpi: points.get(_hour(hour)) for kpi, points in found.items()}
        expected: dict[str, Any] = of_board(state, (hour + 1) * 3_600_000, "1h") if any(known.values()) else {}
        assert {kpi: point for kpi, point in known.items() if point} == expected


def _hour(hour: int) -> str:
    day = day_date(hour // 24).isoformat()
    return f"{day}T{hour % 24:02}Z"


@some
@given(st.data(), worlds(8), ends, kpis, st.sampled_from((3, 40, NEVER)))
def test_a_history_is_what_boards_of_then_say(
    data: st.DataObject, world: World, as_of: int, chosen: tuple[str, ...], pieces: int
) -> None:
    """After every batch: events that come late, merge, refund or erase; a restart, a store that was emptied, sleep."""
    windows = ("1h", "today", "yesterday", "last_week", "last_month")
    lane, sink, now = Lane(book(chosen, windows), awake=data.draw(st.sampled_from((0, NEVER)))), MemorySink(), as_of

    def after() -> None:
        nonlocal now
        match data.draw(st.integers(0, 11)):
            case 0:
                lane.restart(now % 10)
                lane.engine.everything(None)
            case 1:
                asyncio.run(sink.clear())
                lane.engine.everything(None)
            case 2:
                return  # nobody publishes between two batches
            case 3:
                now += data.draw(st.sampled_from((DAY_MS, 8 * DAY_MS, 40 * DAY_MS)))
        publish(lane, sink, now, pieces)
        for tenant in lane.engine.tenants():
            check(data, lane.engine.state(tenant), sink, now)

    lane.take(data.draw(arrivals(world)), after)
    for gap in data.draw(gaps):
        now += gap
        publish(lane, sink, now, pieces)
    for tenant in lane.engine.tenants():
        check(data, lane.engine.state(tenant), sink, now)


@some
@given(st.data(), worlds(8), kpis, st.integers(0, 6), st.integers(0, 59))
def test_hours_of_a_history_are_what_boards_of_then_say(
    data: st.DataObject, world: World, chosen: tuple[str, ...], hours: int, minutes: int
) -> None:
    """After every batch, near the newest events, where quarter hours are kept."""
    lane, sink = Lane(book(chosen, ("1h",))), MemorySink()
    newest = max(group[0].time for group in world)
    now = newest + hours * 3_600_000 + minutes * MINUTE_MS

    def after() -> None:
        publish(lane, sink, now, NEVER)
        for tenant in lane.engine.tenants():
            check_hours(lane.engine.state(tenant), sink, now)

    lane.take(data.draw(arrivals(world)), after)


ADDED = tuple(kpi.id for kpi in CATALOG if kpi.id in (
    "closed_won_deals", "closed_won_value", "closed_lost_deals", "leads", "signups", "orders", "net_revenue",
    "new_customers", "tickets_opened", "social_interactions", "churned_customers_events", "new_business_revenue",
))  # fmt: skip


@some
@given(st.data(), worlds(8), ends)
def test_days_of_what_adds_up_are_the_month(data: st.DataObject, world: World, as_of: int) -> None:
    """Counts and money: the days of a month that is over give its document, and its own point."""
    lane, sink = Lane(book(ADDED, ("yesterday", "last_month"))), MemorySink()
    lane.take(data.draw(arrivals(world)))
    publish(lane, sink, as_of, NEVER)
    for tenant in lane.engine.tenants():
        days, months = (history(sink, tenant, step) for step in ("day", "month"))
        documents = {found["kpi"]: found for found in lane.engine.documents(tenant, as_of, live=True, full=True)
                     if found["window"] == "last_month" and not found["segment"]}  # fmt: skip
        for kpi in days.keys() & months.keys():
            month = max(months[kpi])
            total = sum(Fraction(point.value or 0) for day, point in days[kpi].items() if day[:7] == month)
            assert total == Fraction(months[kpi][month].value or 0)
            assert months[kpi][month].value == documents[kpi]["value"]


@some
@given(st.data(), worlds(8), ends, kpis)
def test_a_history_is_what_a_recount_says(
    data: st.DataObject, world: World, as_of: int, chosen: tuple[str, ...]
) -> None:
    """Of the days, weeks and months of the events, and of some after them."""
    lane, sink = Lane(book(chosen, ("yesterday", "last_week", "last_month"))), MemorySink()
    arrived = data.draw(arrivals(world))
    lane.take(arrived)
    publish(lane, sink, as_of, NEVER)
    for tenant in lane.engine.tenants():
        state, counted = lane.engine.state(tenant), Recount(items(arrived, tenant), lane.book[tenant])
        for unit, (window, most) in KEPT.items():
            days, found = closed_days(state, as_of, unit, most), history(sink, tenant, unit)
            for day in data.draw(st.lists(st.sampled_from(days), max_size=2, unique=True)) if days else ():
                recounted = counted.documents(just_after(day, unit, state.tenant.zone), [window], chosen)
                for kpi, points in found.items():
                    point, expected = points[name(day, unit)], recounted[kpi, window, ()]
                    assert same(expected["value"], point.value)
                    assert (expected["n"], expected["status"]) == (point.n, point.status)
