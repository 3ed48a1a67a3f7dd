"""Turns files of events, or of rows with a mapping, into events validated as a worker would."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from cli.csvfile import Line as Cells
from cli.csvfile import Sheet, survey
from cli.exits import CliError
from cli.faults import RowError
from cli.joined import Join, Row
from cli.ledger import Entry, Ledger
from cli.lines import Line, completed, read_lines
from cli.mapping import CsvMapping
from cli.nearly import Notes
from cli.refusals import Refusals, reason_of, words_of
from cli.revisions import by_ledger, by_revision
from cli.rows import LOOSE, Draft, Plan
from models.record import RawRecord
from models.refused import Rejection
from models.validate import Known, validate

BATCH: Final = 5_000  # lines read, checked and sent together
WHY: Final = "refused_because"  # the additional column in the file of refused rows


@dataclass
class Found:
    """Counts of an import so far."""

    refused: Refusals = field(default_factory=Refusals)
    notes: Notes = field(default_factory=Notes)
    repeated: int = 0  # rows that repeat an earlier row
    corrected: int = 0  # rows imported before with different content
    unused: int = 0  # rows to which no event of the mapping applies
    known: int = 0  # events already sent according to the ledger; skipped by --resume
    future: dict[str, int] = field(default_factory=dict)  # dry run: events a worker would refuse as in the future


class Batch(NamedTuple):
    """Events to send, and the ledger entries to write once they are sent."""

    records: list[bytes]
    entries: list[tuple[bytes, Entry]]


class Rejects:
    """The file of refused lines, in their original format, to be corrected and imported again."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stream: io.TextIOWrapper | None = None
        self._sheet: Sheet | None = None

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(self, *exc: object) -> None:
        if self._stream:
            self._stream.close()

    def check(self, sheets: Iterable[Sheet | None]) -> None:
        """Raises CliError for files whose lines do not fit into one file."""
        forms = {sheet and (sheet.headings, sheet.delimiter, sheet.encoding) for sheet in sheets}
        if self._path and len(forms) > 1:
            raise CliError("--rejects takes the lines of one kind of file: import files of other columns one by one")
        if self._path:
            self._path.unlink(missing_ok=True)

    def row(self, sheet: Sheet, line: Cells, why: str) -> None:
        """One row of a CSV, with the reason appended (unless its cells do not match the headings)."""
        if not self._path:
            return
        names = list(sheet.headings)
        if self._stream is None:
            self._stream = self._path.open("w", encoding=sheet.encoding, newline="")
            self._write(sheet, names if WHY in names else [*names, WHY])
        cells = list(line.cells)
        if len(cells) == len(names):
            cells = [*(cell for name, cell in zip(names, cells, strict=True) if name != WHY), why]
        self._write(sheet, cells)

    def event(self, raw: bytes) -> None:
        """One line of JSONL."""
        if not self._path:
            return
        if self._stream is None:
            self._stream = self._path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._stream.write(raw.decode("utf-8", "surrogateescape") + "\n")

    def _write(self, sheet: Sheet, cells: list[str]) -> None:
        assert self._stream is not None
        csv.writer(self._stream, delimiter=sheet.delimiter, lineterminator="\n").writerow(cells)


@dataclass
class Checks:
    """Validates events as workers do, with the tenants they know."""

    known: Known
    dry: bool

    def refusals(self, topic: str, records: Iterable[tuple[int, bytes]], found: Found) -> dict[int, Rejection]:
        """line -> the first rejection of its events. A dry run accepts events that are merely in the future."""
        now = int(datetime.now(UTC).timestamp() * 1000)
        rows, rejections = validate([RawRecord(topic, 0, n, now, None, raw) for n, raw in records], self.known)
        for row in rows:
            found.notes.add(row, f"{topic}, line {row.offset}")
        refused: dict[int, Rejection] = {}
        for one in rejections:
            if self.dry and one.reason == "time_in_future":
                found.future[topic] = found.future.get(topic, 0) + 1
            else:
                refused.setdefault(one.record.offset, one)
        return refused


def events_in(path: Path, tenant: str | None, checks: Checks, found: Found, rejects: Rejects) -> Iterator[Batch]:
    """The events of a JSONL file, in batches, completed with defaults from the file."""
    lines = read_lines(path)
    while batch := list(islice(lines, BATCH)):
        yield _checked_lines(batch, tenant, checks, found, rejects)


def _checked_lines(lines: list[Line], tenant: str | None, checks: Checks, found: Found, rejects: Rejects) -> Batch:
    records = [(line.number, completed(line, tenant)) for line in lines]
    refused = checks.refusals(lines[0].name, records, found)
    kept = []
    for number, raw in records:
        if one := refused.get(number):
            found.refused.add(reason_of(one), f"{lines[0].name}, line {number}", words_of(one))
            rejects.event(raw)
        else:
            kept.append(raw)
    return Batch(kept, [])


class Table:
    """One CSV file on its way to events."""

    def __init__(
        self, sheet: Sheet, mapping: CsvMapping, ledger: Ledger, found: Found, *, resume: bool = False
    ) -> None:
        self._sheet, self._mapping, self._ledger, self._found = sheet, mapping, ledger, found
        self._plan = Plan(mapping, sheet.decimal)
        self._join = Join(sheet.path.parent, mapping)
        self._seen: dict[int, int] = {}  # key and type -> content of the rows so far
        self._resume = resume
        self._head = {"source": mapping.source, "tenantid": mapping.tenant or "default"}

    def batches(self, checks: Checks, rejects: Rejects) -> Iterator[Batch]:
        """Its events, in batches of rows."""
        rows = self._join.rows(self._sheet)
        while batch := list(islice(rows, BATCH)):
            yield self.batch(batch, checks, rejects)

    def batch(self, rows: list[Row], checks: Checks, rejects: Rejects) -> Batch:
        """The events of some rows."""
        named: list[tuple[Row, list[bytes], list[tuple[bytes, Entry]], bool]] = []
        drafted = [(row, self._drafts(row, rejects)) for row in rows]
        past = self._ledger.look_up(self._key(d) for _, (drafts, _) in drafted for d in drafts)
        for row, (drafts, revision) in drafted:
            try:
                named.append((row, *self._named(drafts, revision, past)))
            except RowError as fault:
                self._refuse(row, fault.reason, str(fault), rejects)
        records = [(row.line.number, raw) for row, found, _, _ in named for raw in found]
        refused = checks.refusals(self._sheet.path.name, records, self._found)
        sent, entries = [], []
        for row, found, mine, corrected in named:
            if one := refused.get(row.line.number):
                self._refuse(row, reason_of(one), words_of(one), rejects)
                continue
            self._found.corrected += corrected
            sent += found
            entries += mine
        return Batch(sent, entries)

    def _drafts(self, row: Row, rejects: Rejects) -> tuple[list[Draft], str]:
        try:
            if row.fault:
                raise row.fault
            drafts = self._plan.drafts(row.cells)
            self._found.unused += not drafts
            revision = self._plan.revision(row.cells) if drafts else ""
            return self._unseen(drafts), revision
        except RowError as fault:
            self._refuse(row, fault.reason, str(fault), rejects)
            return [], ""

    def _unseen(self, drafts: list[Draft]) -> list[Draft]:
        """The events not given by an earlier row. Raises RowError for a different row with the same key."""
        fresh: dict[int, int] = {}
        for number, draft in enumerate(drafts):
            again = sum(one.type == draft.type and one.key == draft.key for one in drafts[:number])
            place = hash((draft.space, draft.key, draft.type, again))
            content = hash((draft.time, orjson.dumps(draft.data)))
            before = self._seen.get(place)
            # Without a key, two identical rows may or may not mean that something happened twice.
            if before is not None and (before != content or draft.space.endswith(LOOSE)):
                other = ", and other content" if before != content else ""
                raise RowError(
                    "key not unique",
                    f"a row before has the key {draft.key} too{other} ({draft.type}): add the columns that "
                    'tell such rows apart to the mapping, as key = ["…", "…"]',
                )
            if before is None:
                fresh[place] = content
        if drafts and not fresh:
            self._found.repeated += 1
            return []
        self._seen |= fresh
        return drafts

    def _named(
        self, drafts: list[Draft], revision: str, past: dict[bytes, Entry]
    ) -> tuple[list[bytes], list[tuple[bytes, Entry]], bool]:
        if revision:
            return [self._event(event) for event in by_revision(drafts, revision)], [], False
        records: list[bytes] = []
        entries: list[tuple[bytes, Entry]] = []
        corrected = False
        groups: dict[bytes, list[Draft]] = {}
        for draft in drafts:
            groups.setdefault(self._key(draft), []).append(draft)
        for key, mine in groups.items():
            before = past.get(key)
            named = by_ledger(mine, before)
            if self._resume and before is not None and before.sent and named.entry == before._replace(sent=False):
                self._found.known += len(named.events)
                continue
            records += map(self._event, named.events)
            entries.append((key, named.entry))
            corrected |= named.corrected
        return records, entries, corrected

    def _key(self, draft: Draft) -> bytes:
        return self._ledger.digest(self._head["tenantid"], self._head["source"], draft.space, draft.key)

    def _event(self, event: dict[str, Any]) -> bytes:
        # History loaded today is not late data.
        whole = {"id": event["id"], **self._head, "type": event["type"], "time": event["time"]}
        return orjson.dumps({**whole, "recordedtime": event["time"], "data": event["data"]})

    def _refuse(self, row: Row, reason: str, why: str, rejects: Rejects) -> None:
        self._found.refused.add(reason, f"{self._sheet.path.name}, line {row.line.number}", why)
        rejects.row(self._sheet, row.line, why)


def sheets_of(files: Iterable[Path], mapping: CsvMapping | None) -> list[Sheet | None]:
    """The format of each file read by the mapping, determined before anything is sent. Raises CliError."""
    return [survey(path, mapping) if mapping else None for path in files]
