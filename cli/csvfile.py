"""Reads CSV files for a mapping: headings and format are checked before the first row becomes an event."""

import csv
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from cli.exits import CliError
from cli.fields import NUMERIC
from cli.figures import Evidence, Mark
from cli.mapping import CsvMapping, columns_named, columns_of_kind, heading, without_key
from cli.textfile import encoding_of

DELIMITERS: Final = (",", ";", "\t", "|")
CELL: Final = 2_000_000  # characters per cell: notes may be long
csv.field_size_limit(CELL)


class Sheet(NamedTuple):
    """A CSV file and its format."""

    path: Path
    encoding: str
    delimiter: str
    begin: int  # lines before the headings: 1 when Excel's sep= line is there
    headings: tuple[str, ...]
    rows: int = 0  # non-empty rows
    decimal: Mark = ""  # as proved by its numbers

    def form(self) -> str:
        """Describes the file's format to the user."""
        delimiter = {"\t": "tabs"}.get(self.delimiter, f"{self.delimiter!r}")
        decimal = {".": ", decimal point", ",": ", decimal comma"}.get(self.decimal, "")
        if not any(self.headings):
            return f"{self.path.name}: empty, without headings"
        encoding = self.encoding.removesuffix("-sig")
        return f"{self.path.name}: {encoding}, delimiter {delimiter}{decimal}, {self.rows:,} rows"


class Line(NamedTuple):
    """One row of a file."""

    number: int  # line number of its first line, from 1
    cells: list[str]


def load_mapping(
    path: Path, tenant: str | None = None, tz: str | None = None, currency: str | None = None
) -> CsvMapping:
    """The mapping of a TOML file, overridden by flags. Raises CliError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        over = {k: v for k, v in (("tenant", tenant), ("tz", tz), ("currency", currency)) if v}
        mapping = CsvMapping.model_validate({"source": f"/import/{path.stem}", **raw, **over})
        ZoneInfo(mapping.tz)
    except OSError as error:
        raise CliError(f"cannot read the mapping file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CliError(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise CliError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CliError(f"{path}: tz: no such time zone: {tz or raw.get('tz')}") from error
    if mapping.currency == "?":
        raise CliError(f"{path.name} does not know the currency of the amounts: add --currency, such as --currency EUR")
    if words := without_key(mapping):
        raise CliError(f"{path}: {words}")
    return mapping


def survey(path: Path, mapping: CsvMapping) -> Sheet:
    """Reads a file once to determine its format. Raises CliError with the file and what to fix."""
    named = columns_named(mapping)
    known = {heading(column) for lookup in mapping.lookups for column in lookup.take}
    sheet = opened(path, mapping, set(named) - known)
    if not any(sheet.headings) and next(lines_of(sheet), None) is None:
        return sheet  # an empty export: some exporters then write no headings
    _check_columns(sheet, named, known)
    numeric = columns_of_kind(mapping, NUMERIC) & set(sheet.headings)
    places = [sheet.headings.index(column) for column in numeric]
    evidence, rows = Evidence(), 0
    for line in lines_of(sheet):
        rows += 1
        if len(line.cells) == len(sheet.headings):
            for place in places:
                evidence.look(line.cells[place])
    return sheet._replace(rows=rows, decimal=mapping.decimal or evidence.mark)


def opened(path: Path, mapping: CsvMapping, wanted: set[str]) -> Sheet:
    """Encoding, delimiter and headings of a file; ``wanted``: the columns it must have. Raises CliError."""
    encoding = encoding_of(path, mapping.encoding)
    try:
        with path.open(encoding=encoding, newline="") as stream:
            first = stream.readline()
    except UnicodeError as error:
        raise CliError(f"{path.name}, line 1: not {encoding}: {error}") from error
    declared = heading(first).strip('"').lower()
    begin = 1 if declared.startswith("sep=") and len(declared) <= 5 else 0
    said = declared[4:5] if begin else ""
    said = "\t" if begin and not said else said
    sheet = Sheet(path, encoding, said or mapping.delimiter or ",", begin, ())
    choices = [sheet.delimiter] if said or mapping.delimiter else DELIMITERS
    found = [(other, _headings(sheet._replace(delimiter=other))) for other in choices]
    delimiter, headings = max(found, key=lambda one: (len(wanted & set(one[1])), len(one[1])))
    return sheet._replace(delimiter=delimiter, headings=headings)


def lines_of(sheet: Sheet) -> Iterator[Line]:
    """The rows after the headings, except empty ones. Raises CliError for undecodable bytes."""
    number = sheet.begin
    try:
        with sheet.path.open(encoding=sheet.encoding, newline="") as stream:
            for _ in range(sheet.begin):
                stream.readline()
            reader = csv.reader(stream, delimiter=sheet.delimiter, strict=True)
            next(reader, None)
            while True:
                number = sheet.begin + reader.line_num + 1
                if (cells := next(reader, None)) is None:
                    return
                if any(map(str.strip, cells)):
                    yield Line(number, cells)
    except csv.Error as error:
        hint = "is a quote not closed, or one inside a cell not doubled?"
        raise CliError(f"{sheet.path.name}, line {number}: {error} ({hint})") from error
    except UnicodeError as error:
        raise CliError(f"{sheet.path.name}, line {number}: {error}") from error
    except OSError as error:
        raise CliError(f"cannot read {sheet.path}: {error.strerror}") from error


def twice(headings: Sequence[str]) -> set[str]:
    """The headings that occur more than once."""
    return {name for name, count in Counter(headings).items() if count > 1 and name}


def _headings(sheet: Sheet) -> tuple[str, ...]:
    try:
        with sheet.path.open(encoding=sheet.encoding, newline="") as stream:
            for _ in range(sheet.begin):
                stream.readline()
            return tuple(map(heading, next(csv.reader(stream, delimiter=sheet.delimiter), [])))
    except (csv.Error, UnicodeError) as error:
        raise CliError(f"{sheet.path.name}, line {sheet.begin + 1}: {error}") from error


def _check_columns(sheet: Sheet, named: dict[str, str], known: set[str]) -> None:
    both = known & set(sheet.headings)
    for column, place in named.items():
        if column in both:
            raise CliError(
                f"{sheet.path.name} has a column {column!r} of its own, and the mapping takes one from a lookup"
            )
        if column not in known and column not in sheet.headings:
            there = ", ".join(sorted({*sheet.headings, *known}))
            raise CliError(
                f"{sheet.path.name} has no column {column!r} ({place}); it has {there or 'no headings'}"
                + (f" (delimiter {sheet.delimiter!r})" if len(sheet.headings) == 1 else "")
            )
        if column in twice(sheet.headings):
            raise CliError(f"{sheet.path.name} has two columns {column!r} ({place}): rename one of them")
