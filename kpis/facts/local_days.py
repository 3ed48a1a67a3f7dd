"""Dates without a time: a close, a due date or an effect that is given as a local day.

The instant is that day's local midnight. The date is stored, so that it stays the same when the tenant's zone changes.
"""

from datetime import date
from typing import Any, Final

from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone, date_day
from models.record import UNKNOWN_TYPE, Row

FIELDS: Final = {"deal": "closed_at", "subscription": "effective_at", "renewal": "due_at"}  # by entity


class LocalDay(int):
    """The instant (ms) at which a local day begins, which knows its date.

    For what is stored. Who reads it takes ``int`` of it: Python counts a ``range`` through to see whether it holds a
    subclass of int.
    """

    date: str

    @classmethod
    def of(cls, text: str, zone: Zone) -> "LocalDay":
        """Of a date as YYYY-MM-DD."""
        found = cls(zone.midnight(date_day(date.fromisoformat(text))) * MINUTE_MS)
        found.date = text
        return found


def placed(row: Row, zone: Zone) -> Row:
    """A row whose date without a time, if it has one, is an instant of the zone."""
    field = FIELDS.get(row.type.split(".")[1])
    if field is None or not isinstance(row.data.get(field), str) or row.flags & UNKNOWN_TYPE:
        return row
    return row._replace(data=_with_day(row.data, field, zone))


def _with_day(data: dict[str, Any], field: str, zone: Zone) -> dict[str, Any]:
    """The fields in their order, as they are stored in it.

    Other text is left out: earlier releases kept any that `deal.created` had as ``closed_at``.
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
    """As it is stored: a date for what was given as one; inside of a table, too."""
    if isinstance(value, LocalDay):
        return value.date
    if isinstance(value, dict) and any(isinstance(one, LocalDay) for one in value.values()):
        return {name: plain(one) for name, one in value.items()}
    return value


def read(kind: str, stored: list[Any], zone: Zone) -> list[Any]:
    """The stored fields of an event of an object; a date in them becomes an instant of the zone."""
    if kind == "subscription":
        return [LocalDay.of(stored[0], zone), *stored[1:]] if isinstance(stored[0], str) else stored
    field, data = FIELDS[kind], stored[4]
    if not isinstance(data.get(field), str):
        return stored
    return [*stored[:4], _with_day(data, field, zone), *stored[5:]]
