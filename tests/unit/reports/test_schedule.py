"""When reports are due, and of which period: once each, also when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.report import Schedule
from reports.schedule import Period, complete, due

HELSINKI = ZoneInfo("Europe/Helsinki")
ZONES = [
    "UTC", "Europe/Helsinki", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Beirut",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein", "America/Havana", "Africa/Cairo", "Asia/Kathmandu",
]  # fmt: skip
zones = st.sampled_from(ZONES).map(ZoneInfo)
START = datetime(1990, 1, 1, tzinfo=UTC)
instants = st.integers(0, 48 * 365 * 1440).map(lambda minutes: START + timedelta(minutes=minutes))
schedules = st.builds(
    Schedule,
    every=st.sampled_from(["day", "week", "month"]),
    at=st.times().map(lambda one: f"{one:%H:%M}"),
    weekday=st.integers(1, 7),
    day=st.integers(1, 28),
)


def first(schedule: Schedule, zone: ZoneInfo, after: datetime, many: int) -> list[datetime]:
    return list(islice(due(schedule, zone, after), many))


@given(schedules, zones, instants)
def test_each_run_comes_once_and_none_is_left_out(schedule: Schedule, zone: ZoneInfo, after: datetime) -> None:
    """Asked again from any run on, or from just before it, the same runs follow."""
    found = first(schedule, zone, after, 40)

    assert all(one > after for one in found)
    assert all(one < two for one, two in pairwise(found))
    assert first(schedule, zone, found[6], 33) == found[7:]
    assert first(schedule, zone, found[6] - timedelta(microseconds=1), 34) == found[6:]


@given(schedules, zones, instants)
def test_a_run_is_at_its_local_time_or_as_much_later_as_clocks_were_put_forward(
    schedule: Schedule, zone: ZoneInfo, after: datetime
) -> None:
    """Never earlier, never on another day of the week or month but where the zone has no such day."""
    for one in first(schedule, zone, after, 40):
        local = one.astimezone(zone)
        told = datetime.combine(local.date(), time.fromisoformat(schedule.at), zone)
        if told.replace(tzinfo=None) == local.replace(tzinfo=None):
            assert local.fold == 0
            continue
        day_before = (one - timedelta(days=1)).astimezone(zone)
        assert local.utcoffset() != day_before.utcoffset() or local.date() - day_before.date() > timedelta(days=1)


@given(schedules, zones, instants)
def test_a_period_has_at_most_one_run(schedule: Schedule, zone: ZoneInfo, after: datetime) -> None:
    """So that (report, period, recipient) names a delivery."""
    found = [complete(schedule.every, one, zone) for one in first(schedule, zone, after, 40)]

    assert len(set(found)) == len(found)


@given(st.sampled_from(["day", "week", "month"]), zones, instants)
def test_the_last_complete_period_is_over_and_the_next_is_not(every: str, zone: ZoneInfo, at: datetime) -> None:
    """Half-open: at the very midnight it is over."""
    found = complete(every, at, zone)  # type: ignore[arg-type]
    following = complete(every, found.end(zone) + timedelta(days=32), zone)  # type: ignore[arg-type]

    assert found.end(zone) <= at < max(following.end(zone), at + timedelta(microseconds=1))
    assert complete(every, found.end(zone), zone) == found  # type: ignore[arg-type]
    assert found.before().last == found.first - timedelta(days=1)


@pytest.mark.parametrize(
    ("at", "utc"),
    [
        # The clock goes from 3:00 to 4:00 on 29 March: 3:30 is not, and lies an hour later.
        ("02:59", ["2026-03-28T00:59", "2026-03-29T00:59", "2026-03-29T23:59"]),
        ("03:30", ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]),
        ("04:00", ["2026-03-28T02:00", "2026-03-29T01:00", "2026-03-30T01:00"]),
    ],
)
def test_the_day_that_has_an_hour_less(at: str, utc: list[str]) -> None:
    """One mail a day."""
    found = first(Schedule(every="day", at=at), HELSINKI, datetime(2026, 3, 27, 12, tzinfo=UTC), 3)

    assert [f"{one:%Y-%m-%dT%H:%M}" for one in found] == utc


@pytest.mark.parametrize(
    ("at", "utc"),
    [
        # The clock goes from 4:00 back to 3:00 on 25 October: of 3:30, the first one.
        ("03:30", ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]),
        ("04:00", ["2026-10-24T01:00", "2026-10-25T02:00", "2026-10-26T02:00"]),
    ],
)
def test_the_day_that_has_an_hour_more(at: str, utc: list[str]) -> None:
    """One mail a day."""
    found = first(Schedule(every="day", at=at), HELSINKI, datetime(2026, 10, 23, 12, tzinfo=UTC), 3)

    assert [f"{one:%Y-%m-%dT%H:%M}" for one in found] == utc


def test_a_day_that_a_zone_left_out_has_no_run_of_its_own() -> None:
    """Samoa had no 30 December 2011."""
    found = first(
        Schedule(every="day", at="07:00"), ZoneInfo("Pacific/Apia"), datetime(2011, 12, 28, 20, tzinfo=UTC), 3
    )

    assert [f"{one.astimezone(ZoneInfo('Pacific/Apia')):%d %H}" for one in found] == ["29 07", "31 07", "01 07"]


def test_a_week_that_clocks_change_in_ends_at_a_local_midnight() -> None:
    """Sunday has 23 hours."""
    found = complete("week", datetime(2026, 3, 30, 4, tzinfo=UTC), HELSINKI)

    assert found == Period("week", date(2026, 3, 23), date(2026, 3, 29))
    assert found.end(HELSINKI) == datetime(2026, 3, 29, 21, tzinfo=UTC)
    assert found.before().end(HELSINKI) == datetime(2026, 3, 22, 22, tzinfo=UTC)


def test_periods_are_called_as_histories_call_their_buckets() -> None:
    """A week by its Monday, a month by year and month."""
    at = datetime(2026, 6, 1, 6, tzinfo=UTC)

    assert [complete(every, at, HELSINKI).name for every in ("day", "week", "month")] == [
        "2026-05-31", "2026-05-25", "2026-05",
    ]  # fmt: skip
