"""Parses dates and times in files. Pure. A date that two declared formats read differently is refused."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from cli.faults import RowError

SPECIAL: Final = ("excel", "unix", "unix_ms")  # numbers: days since 1899-12-30, seconds and milliseconds since 1970
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ].+)?|[0-9]{8}(?:[Tt].+)?")
_UTC: Final = re.compile(r"(?i)\s*(?:utc|gmt)$")
_TIME: Final = re.compile(
    r"(?i)(?P<day>.*?[^\s,])(?:,?\s+|,|t)(?:at\s+|um\s+|à\s+)?"
    r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?\s*(?P<offset>z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})?"
)
_CLOCK: Final = re.compile(r"[,T ]*%[HI]")
_NUMBER: Final = re.compile(r"[0-9]{1,17}(?:[.,][0-9]+)?")
_DAY_ONE: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@lru_cache(65_536)
def local_time(text: str, zone: ZoneInfo, formats: tuple[str, ...] = ()) -> str:
    """A date or time as RFC 3339 with offset; a date alone is its local midnight.

    ``formats``: strptime formats, or one of `SPECIAL`. A date format also accepts a time of day after the date, a
    format with a time of day also a date alone. ISO 8601 is always accepted. Raises RowError.
    """
    found = {moment.isoformat() for form in formats if (moment := _of_form(text, form, zone))}
    if not found and (moment := _iso(text, zone)):
        return moment.isoformat()
    if len(found) > 1:
        forms = ", ".join(formats)
        raise RowError("ambiguous date", f"{text!r} is read differently by the date_formats {forms}: keep one of them")
    if not found:
        raise RowError("not a date", _complaint(text, formats))
    return found.pop()


def _iso(text: str, zone: ZoneInfo) -> datetime | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(_UTC.sub("+00:00", text))
    except ValueError:
        return None
    return _placed(moment, zone)


def _of_form(text: str, form: str, zone: ZoneInfo) -> datetime | None:
    try:
        if form in SPECIAL:
            return _numeric(text, form, zone) if _NUMBER.fullmatch(text) else None
        return _placed(_parsed(text, form), zone)
    except (ValueError, OverflowError):
        return None


def _parsed(text: str, form: str) -> datetime:
    """Raises ValueError."""
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the mapping says the zone
    except ValueError:
        if clock := _CLOCK.search(form):
            return datetime.strptime(text, form[: clock.start()])  # noqa: DTZ007
    if (match := _TIME.fullmatch(text)) is None:
        raise ValueError
    day = datetime.strptime(match["day"], form)  # noqa: DTZ007
    hour, half = int(match["hour"]), (match["half"] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + 12 * (half == "p")
    offset = (match["offset"] or "").lower()
    zone = "+00:00" if offset in ("z", "utc", "gmt") else offset
    clock_time = f"{hour:02}:{match['minute']}:{match['second'] or '00'}"
    return datetime.fromisoformat(f"{day:%Y-%m-%d}T{clock_time}{zone}")


def _numeric(text: str, form: str, zone: ZoneInfo) -> datetime:
    number = float(text.replace(",", "."))
    if form == "excel":
        return _placed(_DAY_ONE + timedelta(seconds=round(number * 86_400)), zone)
    return (_EPOCH + timedelta(milliseconds=round(number * (1 if form == "unix_ms" else 1000)))).astimezone(zone)


def _placed(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _complaint(text: str, formats: tuple[str, ...]) -> str:
    declared = f" of the form {' or '.join(formats)}" if formats else ""
    hint = ""
    if re.fullmatch("[0-9]{5}(?:[.,][0-9]+)?", text):
        hint = '; a day number of a spreadsheet? Save the column as dates, or add "excel" to date_formats'
    elif re.fullmatch("[0-9]{10}|[0-9]{13}", text):
        hint = f'; add "unix{"_ms" if len(text) == 13 else ""}" to date_formats to read it as a time since 1970'
    elif not formats and re.search("[0-9]", text) and not text.startswith("0000"):
        hint = '; say how to read it: date_formats = ["%d/%m/%Y"]'
    return f"{text!r} is not a date or time{declared}{hint}"
