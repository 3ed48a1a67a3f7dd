"""Parses times as typed by users."""

import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cli.exits import CliError

MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")


def as_of_ms(text: str, tz: str, flag: str = "--as-of") -> int:
    """The value of ``flag`` in ms UTC, exclusive: a date alone is the end of that local day, a naive time is local.

    Raises CliError for an invalid time or zone.
    """
    zone = zone_of(tz)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _instant(text, zone, flag)
    return _ms(datetime.combine(day + timedelta(days=1), datetime.min.time(), zone))


def start_ms(text: str, tz: str, flag: str) -> int:
    """The value of ``flag`` in ms UTC, inclusive: a date is the start of that local day, 2026-03 of that month.

    Raises CliError like `as_of_ms`.
    """
    zone = zone_of(tz)
    try:
        day = date.fromisoformat(f"{text}-01" if MONTH.fullmatch(text) else text)
    except ValueError:
        return _instant(text, zone, flag)
    return _ms(datetime.combine(day, datetime.min.time(), zone))


def zone_of(tz: str) -> ZoneInfo:
    """The zone of an IANA name. Raises CliError."""
    try:
        return ZoneInfo(tz)
    except (ValueError, OSError, KeyError) as error:
        raise CliError(f"no such time zone: {tz} (use an IANA name such as Europe/Helsinki)") from error


def _instant(text: str, zone: ZoneInfo, flag: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        example = "a date (2026-01-31) or an RFC 3339 time (2026-01-31T12:00:00Z)"
        raise CliError(f"{flag} {text}: use {example}") from error
    return _ms(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
