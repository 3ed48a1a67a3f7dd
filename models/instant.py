"""RFC 3339 text to UTC milliseconds, strictly."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from models.bounds import date_within, within
from models.refused import Refused

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    r"((?:[01][0-9]|2[0-3]):[0-5][0-9]):([0-5][0-9]|60)"
    r"(?:\.([0-9]{1,32}))?"
    r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_MARKS: Final = "--T::Z"  # every third character of 2026-11-01T10:00:00Z, from the fifth
DATE_LENGTH: Final = 10
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def instant(text: object, field: str) -> int:
    """UTC ms since 1970 (negative before), truncated towards the past.

    A leap second ``:60`` is read as ``:59.999``. Refused bad_time: no offset, or a date that does not exist.
    """
    if type(text) is not str:
        raise Refused("wrong_type", field, "a time is a string like 2026-11-01T10:00:00Z")
    try:
        if len(text) == 25 and text[19:] == "+00:00":
            text = f"{text[:19]}Z"
        # The usual form needs no regular expression: with these separators in place only digits parse.
        if len(text) == 20 and text[4::3] == _MARKS and text[11:13] != "24" and text[17] != "6":
            return int(datetime.fromisoformat(text).timestamp()) * 1000
        return _any_form(text)
    except ValueError:
        raise Refused("bad_time", field) from None


def _any_form(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError
    day, minute, second, fraction, offset = match.groups()
    if second == "60":
        second, fraction = "59", "999"
    zone = "+00:00" if offset in "Zz" else offset
    moment = datetime.fromisoformat(f"{day}T{minute}:{second}.{(fraction or '0')[:6]:0<6}{zone}")
    return (moment - _EPOCH) // _MS


def moment(text: object, field: str) -> int | str:
    """UTC ms since 1970 for an instant. A date without a time is returned as given: its zone is the tenant's.

    Refused bad_time, time_out_of_range.
    """
    if type(text) is str and len(text) == DATE_LENGTH:
        return date_within(local_date(text, field), field)
    return within(instant(text, field), field)


def local_date(text: object, field: str) -> str:
    """An existing date without a zone, ``YYYY-MM-DD``, returned as given."""
    if type(text) is not str:
        raise Refused("wrong_type", field, "a date is a string like 2026-11-01")
    try:
        if _DATE.fullmatch(text) is None:
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise Refused("bad_time", field, "not an existing date in the form YYYY-MM-DD") from None
    return text
