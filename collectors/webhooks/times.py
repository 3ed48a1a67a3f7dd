"""Times as other systems write them, as RFC 3339. Pure."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from collectors.webhooks.items import Fault
from models.bounds import within
from models.instant import instant
from models.refused import Refused

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})")
_FRACTION: Final = re.compile(r"\.([0-9]{1,32})")


def of_us(microseconds: int, field: str) -> str:
    """Microseconds since 1970. Fault outside the range that the contract has."""
    _within(microseconds // 1000, field)
    moment = _EPOCH + timedelta(microseconds=microseconds)
    form = "microseconds" if microseconds % 1000 else "milliseconds" if microseconds % 1_000_000 else "seconds"
    return moment.isoformat(timespec=form).replace("+00:00", "Z")


def of_ms(milliseconds: int, field: str) -> str:
    """Milliseconds since 1970."""
    return of_us(milliseconds * 1000, field)


def of_s(seconds: int, field: str) -> str:
    """Seconds since 1970."""
    return of_us(seconds * 1_000_000, field)


def in_utc(text: str) -> str:
    """A text without offset, ``2026-11-01 10:00:00``, that is known to be UTC; any other as it came."""
    match = _PLAIN.fullmatch(text)
    return f"{match[1]}T{match[2]}Z" if match else text


def ms_of(text: str, field: str) -> int:
    """Milliseconds of an RFC 3339 text. Fault."""
    try:
        return within(instant(text, field), field)
    except Refused as refused:
        raise Fault(field, refused.detail) from None


def us_of(text: str, field: str) -> int:
    """Microseconds of an RFC 3339 text. Fault."""
    fraction = _FRACTION.search(text)
    return ms_of(text, field) // 1000 * 1_000_000 + int((fraction[1] if fraction else "0")[:6].ljust(6, "0"))


def of_mail(text: str, field: str) -> str:
    """A date as in the header of a mail, ``Tue, 17 Nov 2026 10:00:00 +0000``. Fault."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise Fault(field, "not a date like Tue, 17 Nov 2026 10:00:00 +0000") from None
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return of_ms((utc - _EPOCH) // timedelta(milliseconds=1), field)


def _within(ms: int, field: str) -> None:
    try:
        within(ms, field)
    except Refused as refused:
        raise Fault(field, refused.detail) from None
