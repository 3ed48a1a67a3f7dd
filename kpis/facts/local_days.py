"""Dates without a time: a close date, due date or effective date given as a local day.

The instant is the day's local midnight. The date is stored, so that it survives a change of the tenant's time zone.
"""

from datetime import date
from typing import Any, Final

from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone, date_day
from models.record import UNKNOWN_TYPE, Row

FIELDS: Final = {"deal": "closed_at", "subscription": "effective_at", "renewal": "due_at"}  # by entity


class LocalDay(int):
    """The instant (ms) at which a local day begins, with its date, for storage.

    Readers must convert it with ``int``: for a subclass of int, ``in range(...)`` iterates over the whole range.
    """

    date: str

    @classmethod
    def of(cls, text: str, zone: Zone) -> "LocalDay":
        """From a date as YYYY-MM-DD."""
        found = cls(zone.midnight(date_day(date.fromisoformat(text))) * MINUTE_MS)
        found.date = text
        return found


def placed(row: Row, zone: Zone) -> Row:
    """A row with its date without a time, if it has one, turned into an instant of the zone."""
    field = FIELDS.get(row.type.split(".")[1])
    if field is None or not isinstance(row.data.get(field), str) or row.flags & UNKNOWN_TYPE:
        return row
    return row._replace(data=_with_day(row.data, field, zone))


def _with_day(data: dict[str, Any], field: str, zone: Zone) -> dict[str, Any]:
    """The fields with a date turned into an instant, in their order, as they are stored in it.

    Other text is dropped: earlier releases kept any text that `deal.created` had as ``closed_at``.
    """
    if _is_date(data[field]):
        return data | {field: LocalDay.of(data[field], zone)}
    return {name: value for name, value in data.items() if name != field}


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def plain(value: Any) -> Any:
    """A value as stored: a date if it was given as a date; also inside a dict."""
    if isinstance(value, LocalDay):
        return value.date
    if isinstance(value, dict) and any(isinstance(one, LocalDay) for one in value.values()):
        return {name: plain(one) for name, one in value.items()}
    return value


def read(kind: str, stored: list[Any], zone: Zone) -> list[Any]:
    """An event's stored fields, with a date turned into an instant of the zone."""
    if kind == "subscription":
        return [LocalDay.of(stored[0], zone), *stored[1:]] if isinstance(stored[0], str) else stored
    field, data = FIELDS[kind], stored[4]
    if not isinstance(data.get(field), str):
        return stored
    return [*stored[:4], _with_day(data, field, zone), *stored[5:]]
