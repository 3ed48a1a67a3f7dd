"""A mapping file: how one row of a CSV becomes events. Pure; reading files is `cli.csvfile`'s work."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

Cells = Mapping[str, str]
Wanted = str | list[str]  # a cell's value, a list of them, "*" (anything), "" (empty)
_COLUMN: Final = re.compile(r"\{([^{}]+)\}")


class RowError(ValueError):
    """A row that cannot become an event; says which column and value."""


class _Strict(BaseModel):
    """A table of the mapping file; an unknown key is a typing error of its author, not an extension."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Lookup(_Strict):
    """Columns joined from another CSV beside the first one; a row without a partner gets empty cells."""

    file: str
    on: str
    take: list[str] = Field(min_length=1)


class EventRule(_Strict):
    """One event made from a row. ``{column}`` in a text is replaced; a text with an empty column is left out."""

    type: str
    time: str
    when: dict[str, Wanted] = {}
    id: str = ""
    data: dict[str, Any] = {}


class CsvMapping(_Strict):
    """A whole mapping file."""

    source: str = ""
    tenant: str = ""
    tz: str = "UTC"  # the zone of dates and times that name none
    date_format: str = ""  # strptime; default ISO 8601
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    aliases: dict[str, dict[str, str]] = {}
    lookups: list[Lookup] = []
    events: list[EventRule] = Field(min_length=1)


def columns_named(mapping: CsvMapping) -> dict[str, str]:
    """Every column the mapping reads, with the place that names it (for messages)."""
    named = {lookup.on: f"lookups ({lookup.file})" for lookup in mapping.lookups}
    named |= dict.fromkeys(mapping.aliases, "aliases")
    for rule in mapping.events:
        for text in (rule.time, rule.id, *_texts(rule.data)):
            named |= dict.fromkeys(set(_COLUMN.findall(text)) - {"name", "line"}, f"event {rule.type}")
        named |= dict.fromkeys(rule.when, f"event {rule.type}, when")
    return named


def events_of(mapping: CsvMapping, cells: Cells, name: str, line: int) -> Iterator[dict[str, Any]]:
    """The events of one row, in the mapping's order.

    Ids are ``name/line`` (``name/line.2`` for the second rule and so on), so importing a file twice only makes
    duplicates. ``recordedtime`` equals ``time``: history that is loaded today did not arrive late.
    Raises RowError for a cell that is no date.
    """
    row = {**cells, "name": name, "line": str(line)}
    for number, rule in enumerate(mapping.events, start=1):
        if all(_meets(cells.get(column, ""), wanted) for column, wanted in rule.when.items()):
            yield _event(mapping, rule, number, row)


def local_time(text: str, zone: ZoneInfo, date_format: str = "") -> str:
    """RFC 3339 with offset; a date alone is that day's local midnight. Raises RowError."""
    try:
        moment = datetime.strptime(text, date_format) if date_format else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        raise RowError(
            f"{text!r} is not a date or time{f' of the form {date_format}' if date_format else ''}"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _event(mapping: CsvMapping, rule: EventRule, number: int, row: Cells) -> dict[str, Any]:
    when = _fill(rule.time, row)
    if not when:
        raise RowError(f"{rule.type}: {rule.time} is empty")
    time = local_time(when, ZoneInfo(mapping.tz), mapping.date_format if "{" in rule.time else "")
    identity = _fill(rule.id, row) or f"{row['name']}/{row['line']}" + (f".{number}" if number > 1 else "")
    head = {"id": identity, "source": mapping.source, "type": rule.type, "time": time, "recordedtime": time}
    return {
        **{k: v for k, v in head.items() if v},
        "tenantid": mapping.tenant or "default",
        "data": _data(rule.data, row),
    }


def _data(template: Mapping[str, Any], row: Cells) -> dict[str, Any]:
    filled = {key: _value(value, row) for key, value in template.items()}
    return {key: value for key, value in filled.items() if value not in ("", {}, [], None)}


def _value(value: Any, row: Cells) -> Any:
    match value:
        case str():
            return _fill(value, row)
        case dict():
            return _data(value, row)
        case list():
            return [x for x in (_value(item, row) for item in value) if x != ""]
        case date():
            return value.isoformat()
        case _:
            return value


def _fill(text: str, row: Cells) -> str:
    """The text with its columns put in; empty when one of them is."""
    if any(not row[column] for column in _COLUMN.findall(text)):
        return ""
    return _COLUMN.sub(lambda match: row[match[1]], text)


def _meets(value: str, wanted: Wanted) -> bool:
    return bool(value) if wanted == "*" else value in wanted if isinstance(wanted, list) else value == wanted


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
