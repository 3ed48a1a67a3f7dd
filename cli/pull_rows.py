"""Turns database rows into events with the mappings, ledger and ids of `crmkpi import`.

So a table imported from a file first and pulled with the same mapping afterwards yields the same events.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from cli.csvfile import Line, Sheet
from cli.exits import CliError
from cli.importing import Checks, Found, Rejects, Table
from cli.joined import Join
from cli.ledger import Ledger
from cli.mapping import CsvMapping, columns_named, heading
from cli.pulling import Parcel, Pulled
from collectors.event import Event, Reading
from collectors.pulled.database import Database, Row, Rows
from collectors.pulled.page import Cursor, Page

_END: Final = Rows([], {})


class PulledRows:
    """The rows of one database as parcels. ``folder``: the mapping's, which contains its lookups."""

    def __init__(
        self, database: Database, name: str, folder: Path, mapping: CsvMapping, ledger: Ledger, checks: Checks
    ) -> None:
        self._database, self._mapping, self._ledger, self._checks = database, mapping, ledger, checks
        self._sheet = Sheet(folder / name, "utf-8", ",", 0, (), decimal=mapping.decimal or ".")
        self._join = Join(folder, mapping)
        self.remember = bool(mapping.revision)  # otherwise the ledger knows what was sent
        self._number = 0

    async def parcels(self, cursor: Cursor, found: Pulled) -> AsyncIterator[Parcel]:
        """One parcel per page of rows. Raises PullError, CliError."""
        pages = self._database.pages(cursor)
        while (rows := await asyncio.to_thread(next, pages, _END)) is not _END:
            yield self._parcel(rows, found)

    def _parcel(self, rows: Rows, pulled: Pulled) -> Parcel:
        """Each page is a separate table, since a row may have changed by a later page."""
        found = Found(refused=pulled.refused)
        table = Table(self._sheet, self._mapping, self._ledger, found, resume=True)
        read = []
        for row in rows.rows:
            self._number += 1
            read.append(self._join.row(Line(self._number, []), self._cells(row)))
        with Rejects(None) as rejects:
            batch = table.batch(read, self._checks, rejects)
        pulled.known += found.known
        pulled.ignored += found.unused
        events = [(place, _event(raw)) for place, raw in enumerate(batch.records)]
        return Parcel(Page(Reading(events, []), rows.after), batch.entries)

    def _cells(self, row: Row) -> dict[str, str]:
        cells = {heading(name): _cell(value) for name, value in row.items()}
        known = {heading(column) for lookup in self._mapping.lookups for column in lookup.take}
        for column, place in columns_named(self._mapping).items():
            if column not in cells and column not in known:
                there = ", ".join(sorted(cells))
                raise CliError(
                    f"{self._sheet.path.name}: the rows have no column {column!r} ({place}); they have {there}"
                )
        return cells


def _cell(value: Any) -> str:
    """A value as text, as an export would write it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case float():
            return format(Decimal(repr(value)), "f") if value == value and abs(value) != float("inf") else str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case dict() | list():
            return orjson.dumps(value, default=str).decode()
        case _:
            return str(value)


def _event(raw: bytes) -> Event:
    made = orjson.loads(raw)
    attributes = {"source": made["source"]}
    return Event(made["type"], made["id"], made["time"], made["data"], None, attributes)
