"""Rows of a CSV as a mapping sees them: cells by heading, aliases applied, lookups joined."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.csvfile import Line, Sheet, lines_of, opened, twice
from cli.exits import CliError
from cli.faults import RowError
from cli.mapping import CsvMapping, Lookup, columns_named, heading, tidy
from cli.salesforce import long_id

Table = dict[str, dict[str, str]]


class Row(NamedTuple):
    """A row: its cells, or its error."""

    line: Line
    cells: dict[str, str]
    fault: RowError | None = None


class Join:
    """A mapping's lookup files, read once. Raises CliError for one with contradicting rows for a key."""

    def __init__(self, folder: Path, mapping: CsvMapping) -> None:
        self._aliases = {
            heading(column): {tidy(k): tidy(v) for k, v in names.items()} for column, names in mapping.aliases.items()
        }
        self._long = list(map(heading, mapping.salesforce_ids))
        self._named = set(columns_named(mapping))
        self._lookups = [
            (heading(lookup.on), list(map(heading, lookup.take)), self._table(folder / lookup.file, lookup, mapping))
            for lookup in mapping.lookups
        ]

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """The rows of a file."""
        headings, width = sheet.headings, len(sheet.headings)
        used = [(place, name) for place, name in enumerate(headings) if name in self._named]
        for line in lines_of(sheet):
            if len(line.cells) != width and (fault := _misshapen(line, width)):
                yield Row(line, {}, fault)
                continue
            cells = {name: tidy(line.cells[place]) for place, name in used}
            yield self.row(line, cells)

    def row(self, line: Line, cells: dict[str, str]) -> Row:
        """A row of these cells, normalised, by heading."""
        try:
            return Row(line, self._joined(cells))
        except RowError as fault:
            return Row(line, {}, fault)

    def _joined(self, cells: dict[str, str]) -> dict[str, str]:
        self._same_ids(cells)
        for on, take, table in self._lookups:
            cells |= table.get(cells[on]) or dict.fromkeys(take, "")
        return cells

    def _same_ids(self, cells: dict[str, str]) -> None:
        """Unify spellings of a value, and ids of 15 and 18 characters."""
        for column, names in self._aliases.items():
            if column in cells:
                cells[column] = names.get(cells[column], cells[column])
        for column in self._long:
            if column in cells:
                cells[column] = long_id(cells[column])

    def _table(self, path: Path, lookup: Lookup, mapping: CsvMapping) -> Table:
        on, take = heading(lookup.on), list(map(heading, lookup.take))
        sheet = _opened(path, mapping, {on, *take})
        for column in (on, *take):
            if column not in sheet.headings:
                raise CliError(f"{path} has no column {column!r} (named in lookups)")
            if column in twice(sheet.headings):
                raise CliError(f"{path} has two columns {column!r} (named in lookups): rename one of them")
        table: Table = {}
        for line in lines_of(sheet):
            if len(line.cells) < len(sheet.headings):
                raise CliError(f"{path.name}, line {line.number}: {_misshapen(line, len(sheet.headings))}")
            cells = {name: tidy(cell) for name, cell in zip(sheet.headings, line.cells, strict=False)}
            try:
                self._same_ids(cells)
            except RowError as fault:
                raise CliError(f"{path.name}, line {line.number}: {fault}") from fault
            found = {column: cells[column] for column in take}
            if not cells[on]:
                continue
            if table.setdefault(cells[on], found) != found:
                raise CliError(
                    f"{path.name}, line {line.number}: a second row of {on} {cells[on]!r}, which says something else "
                    "(lookups need one row a key)"
                )
        return table


def _opened(path: Path, mapping: CsvMapping, wanted: set[str]) -> Sheet:
    """A lookup's format is detected separately; if it is not Unicode, the mapping's encoding is used."""
    plain = mapping.model_copy(update={"delimiter": "", "encoding": ""})
    try:
        return opened(path, plain, wanted)
    except CliError:
        if not mapping.encoding:
            raise
        return opened(path, plain.model_copy(update={"encoding": mapping.encoding}), wanted)


def _misshapen(line: Line, width: int) -> RowError | None:
    count = len(line.cells)
    if count > width and not any(map(str.strip, line.cells[width:])):
        return None  # empty cells after the last column
    few = count < width
    hint = "a footer, or a row that was cut off?" if few else "a delimiter in a cell without quotes?"
    return RowError("too few cells" if few else "surplus cells", f"{count} cells under {width} headings ({hint})")
