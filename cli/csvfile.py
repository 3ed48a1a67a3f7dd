"""Reading a mapping file, a CSV and the CSVs it is joined with."""

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from cli.exits import CliError
from cli.mapping import Cells, CsvMapping, Lookup, columns_named

Table = dict[str, dict[str, str]]


def load_mapping(path: Path, tenant: str | None = None, tz: str | None = None) -> CsvMapping:
    """The mapping of a TOML file, with the flags' tenant and zone in place of its own. Raises CliError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        mapping = CsvMapping.model_validate({**raw, **{k: v for k, v in (("tenant", tenant), ("tz", tz)) if v}})
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
    return mapping


def read_rows(path: Path, mapping: CsvMapping) -> Iterator[tuple[int, Cells]]:
    """(line number, cells) of each row, aliases applied and lookups joined.

    Raises CliError before the first row when the mapping names a column that neither the file nor a lookup has.
    """
    tables = [(lookup, _table(path.parent / lookup.file, lookup, mapping)) for lookup in mapping.lookups]
    with _open(path, mapping) as stream:
        reader = csv.DictReader(stream, delimiter=mapping.delimiter, restval="")
        _check_columns(path, set(reader.fieldnames or ()), mapping)
        try:
            for row in reader:
                yield reader.line_num, _joined(_clean(row, mapping), tables)
        except (csv.Error, UnicodeDecodeError) as error:
            raise CliError(f"{path}, line {reader.line_num + 1}: {error}") from error


def _open(path: Path, mapping: CsvMapping):  # type: ignore[no-untyped-def]
    try:
        return path.open(encoding=mapping.encoding, newline="")
    except (OSError, LookupError) as error:
        raise CliError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from error


def _table(path: Path, lookup: Lookup, mapping: CsvMapping) -> Table:
    with _open(path, mapping) as stream:
        reader = csv.DictReader(stream, delimiter=mapping.delimiter, restval="")
        if missing := {lookup.on, *lookup.take} - set(reader.fieldnames or ()):
            raise CliError(f"{path} has no column {sorted(missing)[0]!r} (named in lookups)")
        return {row[lookup.on].strip(): {column: row[column].strip() for column in lookup.take} for row in reader}


def _clean(row: dict[str | None, str], mapping: CsvMapping) -> dict[str, str]:
    cells = {column: value.strip() for column, value in row.items() if column is not None}
    for column, names in mapping.aliases.items():
        cells[column] = names.get(cells[column], cells[column])
    return cells


def _joined(cells: dict[str, str], tables: list[tuple[Lookup, Table]]) -> Cells:
    for lookup, table in tables:
        cells |= table.get(cells[lookup.on], dict.fromkeys(lookup.take, ""))
    return cells


def _check_columns(path: Path, columns: set[str], mapping: CsvMapping) -> None:
    known = columns | {column for lookup in mapping.lookups for column in lookup.take}
    for column, place in columns_named(mapping).items():
        if column not in known:
            raise CliError(f"{path.name} has no column {column!r} ({place}); it has {', '.join(sorted(known))}")
