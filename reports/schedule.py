"""When reports are due, and of which period. Pure: local days and clocks, no sleeping."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reports.report import Every, Report, Schedule


class Period(NamedTuple):
    """A local day, week (from Monday) or month that is over. ``last`` is its last day."""

    every: Every
    first: date
    last: date

    @property
    def name(self) -> str:
        """As histories call its bucket: ``2026-11-14`` (a week: its Monday), ``2026-11``."""
        return f"{self.first:%Y-%m}" if self.every == "month" else self.first.isoformat()

    def before(self, many: int = 1) -> "Period":
        """The one so many periods earlier."""
        first = self.first
        for _ in range(many):
            first = _start(first - timedelta(days=1), self.every)
        return Period(self.every, first, _end(first, self.every))

    def end(self, zone: ZoneInfo) -> datetime:
        """The first instant after it, UTC."""
        return _instant(self.last + timedelta(days=1), time(), zone)


def complete(every: Every, at: datetime, zone: ZoneInfo) -> Period:
    """The last period that is over at an instant, on the clock of the tenant's zone."""
    first = _start(_start(at.astimezone(zone).date(), every) - timedelta(days=1), every)
    return Period(every, first, _end(first, every))


def due(schedule: Schedule, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Every instant (UTC) later than ``after`` at which a report is due, for ever.

    Once a day, week or month also when clocks change: a time that comes twice means the first of them, one that is left
    out lies as much later as clocks were put forward.
    """
    clock = time.fromisoformat(schedule.at)
    start = _start(after.astimezone(zone).date() - timedelta(days=2), schedule.every)
    last = after
    for number in count():
        try:
            found = _instant(_day(start, schedule, number), clock, zone)
        except OverflowError:  # the year 10,000
            return
        if found > last:  # of a date that a zone left out, the next day's is the same instant
            last = found
            yield found


def next_due(report: Report, tenant: ZoneInfo, after: datetime) -> datetime:
    """The next instant of a report, UTC. ``tenant``: the zone of its tenant."""
    return next(due(report.schedule, ZoneInfo(report.zone) if report.zone else tenant, after))


def _day(start: date, schedule: Schedule, number: int) -> date:
    """The day of a schedule's run, counted from the day, week or month that begins on ``start``."""
    if schedule.every == "month":
        months = start.year * 12 + start.month - 1 + number
        if months // 12 > date.max.year:
            raise OverflowError
        return date(months // 12, months % 12 + 1, schedule.day)
    if schedule.every == "week":
        return start + timedelta(days=7 * number + schedule.weekday - 1)
    return start + timedelta(days=number)


def _start(day: date, every: Every) -> date:
    if every == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday() if every == "week" else 0)


def _end(first: date, every: Every) -> date:
    if every == "month":
        return _start(first + timedelta(days=31), every) - timedelta(days=1)
    return first + timedelta(days=6 if every == "week" else 0)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)  # fold 0
