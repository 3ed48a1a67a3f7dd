"""Turns the cells of a row into events, still without ids. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from cli.currency_signs import currencies_of
from cli.dates import local_time
from cli.faults import RowError
from cli.fields import Kind, kinds
from cli.figures import Mark, figure, flag
from cli.mapping import COLUMN, Cells, CsvMapping, EventRule, Wanted, heading, key_fields, listed, tidy

Fill = Callable[[Cells], str]
LOOSE: Final = "*"  # suffix of the key space for keys made of person and time, if there is no better one
_BROKEN: Final = re.compile(r"#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|ERROR!|BEZUG!|NV|WERT!|#+)|#+")
_SHORTENED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]+")
_CLOCK: Final = re.compile(r"([0-9]+):([0-5][0-9]):([0-5][0-9])")


class Draft(NamedTuple):
    """One event of a row, without its id."""

    key: str  # identifies the entity within its type
    space: str  # the key space: keys are compared within it
    own: bool  # the mapping gives the whole id, as ``key``
    type: str
    time: str  # RFC 3339
    data: dict[str, Any]


class Plan:
    """A compiled mapping for one file, whose numbers have this decimal mark (empty: unknown)."""

    def __init__(self, mapping: CsvMapping, decimal: Mark = "") -> None:
        self.mapping = mapping
        self._read = Reader(ZoneInfo(mapping.tz), mapping.formats, mapping.decimal or decimal, mapping.currency)
        self._rules = [_Rule(mapping, rule, self._read) for rule in mapping.events]
        self._revision = _filler(mapping.revision) if mapping.revision else None

    def drafts(self, cells: Cells) -> list[Draft]:
        """The events of one row, in the mapping's order. Raises RowError for an invalid cell."""
        return [rule.draft(cells) for rule in self._rules if rule.applies(cells)]

    def revision(self, cells: Cells) -> str:
        """The row's own revision in sortable form; empty if the mapping names no column. Raises RowError."""
        if self._revision is None:
            return ""
        if not (text := self._revision(cells)):
            raise RowError("no revision", f"{self.mapping.revision} is empty")
        if text.isdigit() and len(text) < 8:
            return text.zfill(20)
        moment = datetime.fromisoformat(self._read.time(text))
        return f"{int(moment.timestamp() * 1000):020d}"


class Reader(NamedTuple):
    """Converts the cells of a file."""

    zone: ZoneInfo
    formats: tuple[str, ...]
    decimal: Mark
    currency: str = ""  # for amounts without one

    def time(self, text: str) -> str:
        """RFC 3339. Raises RowError."""
        return local_time(text, self.zone, self.formats)

    def value(self, text: str, kind: Kind) -> Any:
        """A cell as a value of its field's kind; amounts stay text. Raises RowError."""
        match kind:
            case "number" | "seconds" | "integer":
                return self._number(text, kind)
            case "flag":
                return flag(text)
            case "instant":
                return self.time(text)
            case "date":
                return self.time(text)[:10]
            case "id" if _SHORTENED.fullmatch(text):
                raise RowError("shortened id", f"{text!r} is an id that a spreadsheet has shortened to a number")
        return text

    def _number(self, text: str, kind: Kind) -> int | float:
        if kind == "seconds" and (clock := _CLOCK.fullmatch(text)):
            hours, minutes, seconds = map(int, clock.groups())
            return (hours * 60 + minutes) * 60 + seconds
        found = figure(text, self.decimal)
        if found.sign:
            raise RowError("not a number", f"{text!r} is not a plain number")
        number = float(found.text)
        if number.is_integer():
            return int(found.text.partition(".")[0])
        if kind == "integer":
            raise RowError("not a whole number", f"{text!r} is not a whole number")
        return number


class _Rule:
    """One event of the mapping."""

    def __init__(self, mapping: CsvMapping, rule: EventRule, read: Reader) -> None:
        self._rule, self._read = rule, read
        self._when = [(heading(column), _wanted(wanted)) for column, wanted in rule.when.items()]
        self._time = _filler(rule.time)
        self._kinds = kinds(rule.type)
        self._amounts = tuple(field for field, kind in self._kinds.items() if kind == "amount")
        self._has_currency = "currency" in self._kinds
        self._data = _table(rule.data, read, self._kinds)
        self._id = _filler(rule.id) if rule.id else None
        self._columns = listed(rule.key) or listed(mapping.key)
        self._fields = key_fields(rule)
        self._entity = rule.type.split(".")[1] if "." in rule.type else rule.type

    def applies(self, cells: Cells) -> bool:
        """Whether the row meets all conditions."""
        return all(_meets(cells.get(column, ""), wanted) for column, wanted in self._when)

    def draft(self, cells: Cells) -> Draft:
        """The event of a row. Raises RowError."""
        type_ = self._rule.type
        if not (when := self._time(cells)):
            raise RowError("no time", f"{type_}: {self._rule.time} is empty")
        constant = not COLUMN.search(self._rule.time)
        try:
            time = local_time(when, self._read.zone) if constant else self._read.time(when)
        except RowError as error:
            raise RowError(error.reason, f"{self._rule.time.strip('{}')}: {error}") from None
        data = self._data(cells)
        _price(data, self._amounts, self._has_currency, self._read)
        return Draft(*self._key(cells, data, time), type_, time, data)

    def _key(self, cells: Cells, data: dict[str, Any], time: str) -> tuple[str, str, bool]:
        if self._id and (text := self._id(cells)):
            return text, self._rule.type, True
        if self._columns:
            if not all(values := [cells[column] for column in self._columns]):
                empty = next(column for column in self._columns if not cells[column])
                raise RowError("no key", f"{self._rule.type}: the key column {empty} is empty")
            return "/".join(values), "", False
        values = [str(data[field]) for field in self._fields if field in data]
        if not values:
            raise RowError("no key", f"{self._rule.type}: {' and '.join(self._fields) or 'its key'} is empty")
        single = len(self._fields) == 1 or self._fields[0] == "message_id"
        return "/".join(values if single else [*values, time]), self._entity + ("" if single else LOOSE), False


def _price(data: dict[str, Any], amounts: Sequence[str], has_currency: bool, read: Reader) -> None:
    """Converts amounts to plain decimal text; a currency sign has to match the currency. Raises RowError."""
    code = data.get("currency")
    if isinstance(code, str) and len(code) != 3 and len(found := currencies_of(code)) == 1:
        code = data["currency"] = next(iter(found))
    for field in amounts:
        if not isinstance(text := data.get(field), str):
            continue
        try:
            number, sign = figure(text, read.decimal)
        except RowError as error:
            raise RowError(error.reason, f"{field}: {error}") from None
        data[field] = number
        if code is None and read.currency:
            code = data["currency"] = read.currency
        if not sign:
            continue
        meant = currencies_of(sign)
        if code is None and len(meant) == 1 and has_currency:
            code = data["currency"] = next(iter(meant))
        elif code is not None and str(code).upper() not in meant:
            raise RowError("another currency", f"{field}: {text!r} is not in {code}")


def _table(template: Mapping[str, Any], read: Reader, known: Mapping[str, Kind]) -> Callable[[Cells], dict[str, Any]]:
    fillers = [(key, _value(key, value, read, known.get(key, "text"))) for key, value in template.items()]

    def fill(cells: Cells) -> dict[str, Any]:
        found = {}
        for key, filler in fillers:
            value = filler(cells)
            if value or (value is not None and value != "" and value not in ({}, [])):
                found[key] = value
        return found

    return fill


def _value(name: str, value: Any, read: Reader, kind: Kind) -> Callable[[Cells], Any]:
    match value:
        case str():
            return _typed(name, value, read, kind)
        case dict():
            return _table(value, read, {})
        case list():
            items = [_value(name, item, read, "text") for item in value]
            return lambda cells: [x for x in (item(cells) for item in items) if x != ""]
        case date():
            constant = value.isoformat()
            return lambda cells: constant
        case _:
            return lambda cells: value


def _typed(name: str, text: str, read: Reader, kind: Kind) -> Callable[[Cells], Any]:
    fill = _filler(text)
    if not COLUMN.search(text):
        if kind == "text" or kind == "id" or kind == "amount":
            return fill
        read = read._replace(formats=(), decimal=".")

    def convert(cells: Cells) -> Any:
        cell = fill(cells)
        if not cell:
            return ""
        try:
            return read.value(cell, kind)
        except RowError as error:
            raise RowError(error.reason, f"{text.strip('{}')} ({name}): {error}") from None

    return fill if kind == "text" or kind == "amount" else convert


def _filler(text: str) -> Fill:
    """A function that fills a template; empty if one of its columns is. Raises RowError for an invalid cell."""
    parts = COLUMN.split(text)
    names = [heading(name) for name in parts[1::2]]
    if not names:
        return lambda cells: text
    if len(names) == 1 and parts[0] == parts[2] == "":
        return _column(names[0])
    columns = [_column(name) for name in names]

    def fill(cells: Cells) -> str:
        values = [column(cells) for column in columns]
        if not all(values):
            return ""
        return parts[0] + "".join(value + text for value, text in zip(values, parts[2::2], strict=True))

    return fill


def _column(name: str) -> Fill:
    def cell(cells: Cells) -> str:
        value = cells[name]
        if value[:1] == "#" and _BROKEN.fullmatch(value):
            raise RowError("broken cell", f"{name}: {value!r} is an error of a spreadsheet, not a value")
        return value

    return cell


def _wanted(wanted: Wanted) -> Wanted:
    """Conditions in lower case: no export means different things by Won and won."""
    return [tidy(one).casefold() for one in wanted] if isinstance(wanted, list) else tidy(wanted).casefold()


def _meets(value: str, wanted: Wanted) -> bool:
    if wanted == "*":
        return bool(value)
    value = value.casefold()
    return value in wanted if isinstance(wanted, list) else value == wanted


__all__ = ["LOOSE", "Draft", "Plan"]
