"""Buckets of series, named by their start: ``2026-11-14``, ``2026-11``, ``2026-11-14T13Z``. Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from kpis.query.buckets import MOST

Step = Literal["hour", "day", "week", "month"]
USUAL: Final[dict[Step, int]] = {"hour": 24, "day": 30, "week": 13, "month": 13}


def bucket_of(text: str, step: Step) -> str:
    """The bucket containing a date, month or hour. Raises ValueError."""
    if step == "hour":
        if len(text) == len("2026-11-14"):
            text += "T00Z"
        moment = datetime.fromisoformat(text.replace("Z", ":00+00:00") if len(text) == len("2026-11-14T13Z") else text)
        if moment.tzinfo is None:
            raise ValueError("an hour is written in UTC, such as 2026-11-14T13Z")
        return _hour(moment.astimezone(UTC))
    day = date.fromisoformat(f"{text}-01" if len(text) == len("2026-11") else text[:10])
    return _start(day, step)


def running(step: Step, now_ms: int, tz: str) -> str:
    """The current bucket at an instant."""
    moment = datetime.fromtimestamp(now_ms / 1000, UTC)
    return _hour(moment) if step == "hour" else _start(moment.astimezone(ZoneInfo(tz)).date(), step)


def local_day(instant: str, tz: str) -> str:
    """The local date of an RFC 3339 instant in a time zone."""
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(tz)).date().isoformat()


def before(bucket: str, step: Step, many: int) -> str:
    """The bucket ``many`` steps before another; negative: after it. Raises OverflowError before the year 1."""
    if step == "hour":
        return _hour(_moment(bucket) - timedelta(hours=many))
    if step == "month":
        months = int(bucket[:4]) * 12 + int(bucket[5:7]) - 1 - many
        return f"{months // 12:04d}-{months % 12 + 1:02d}"
    return (date.fromisoformat(bucket) - timedelta(days=many * (7 if step == "week" else 1))).isoformat()


def between(first: str, last: str, step: Step) -> list[str]:
    """Buckets from one to another, both inclusive; at most the last `MOST` of a series."""
    found: list[str] = []
    while last >= first and len(found) < MOST[step]:
        found.append(last)
        last = before(last, step, 1)
    return found[::-1]


def _start(day: date, step: Step) -> str:
    if step == "month":
        return f"{day:%Y-%m}"
    return (day - timedelta(days=day.weekday() if step == "week" else 0)).isoformat()


def _hour(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H}Z"


def _moment(bucket: str) -> datetime:
    return datetime.strptime(bucket, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
