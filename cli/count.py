"""Counts files of events with one engine, as a worker would."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from cli.exits import CliError
from cli.garbage import no_collector
from cli.lines import count_lines, read_lines
from cli.moment import as_of_ms
from cli.nearly import Notes
from cli.refusals import Refusals, place_of, reason_of, words_of
from cli.term import track
from kpis.engine import Conflict, Engine
from models.blocks import decode_block, encode_blocks
from models.record import RawRecord, Refusal, Row
from models.settings import TenantBook
from models.validate import validate

BATCH: Final = 5_000  # lines validated at a time
FILE_CLOCK: Final = -1  # a file has no broker timestamp


@dataclass
class Tally:
    """The outcome of the lines read."""

    ends: "Ends"
    accepted: dict[str, int] = field(default_factory=dict)  # tenant -> events counted
    lines: int = 0
    ignored: int = 0  # at or after as_of
    refused: Refusals = field(default_factory=Refusals)
    notes: Notes = field(default_factory=Notes)
    types: dict[str, set[str]] = field(default_factory=dict)  # tenant -> of the events counted

    def take(self, batch: list[RawRecord]) -> tuple[list[Row], list[Refusal]]:
        """Validate a batch of lines. Returns the events before the as-of, and the refusals."""
        rows, rejections = validate(batch)
        kept = [row for row in rows if self.ends.before(row)]
        self.lines += len(batch)
        self.ignored += len(rows) - len(kept)
        for rejection in rejections:
            self.refused.add(reason_of(rejection), place_of(rejection.record), words_of(rejection))
        for row in kept:
            self.accepted[row.tenant] = self.accepted.get(row.tenant, 0) + 1
            self.types.setdefault(row.tenant, set()).add(row.type)
            self.notes.add(row, f"{batch[0].topic}, line {row.offset}")
        return kept, [rejection.refusal() for rejection in rejections]

    def conflict(self, conflict: Conflict) -> None:
        """Note an event whose id was seen with different content."""
        where = f"{conflict.topic}, line {conflict.offset}"
        self.refused.add("id_conflict", where, "conflict: same id, different content")


@dataclass(kw_only=True)
class Counted(Tally):
    """The same, with what was counted."""

    engine: Engine


class Ends:
    """``--as-of`` in each tenant's time zone, ms UTC."""

    def __init__(self, text: str, book: TenantBook) -> None:
        self._text, self._book = text, book
        self._known: dict[str, int] = {}

    def of(self, tenant: str) -> int:
        """The exclusive end for one tenant. Raises CliError for an invalid time."""
        if tenant not in self._known:
            self._known[tenant] = as_of_ms(self._text, self._book[tenant].tz)
        return self._known[tenant]

    def before(self, row: Row) -> bool:
        """Whether the event is before the as-of; a deal of unknown age always is."""
        return row.time < self.of(row.tenant) or row.data.get("time_known") is False


def count_files(files: Iterable[Path], book: TenantBook, as_of: str) -> Counted:
    """Validates and counts all lines. Raises CliError for an unreadable file."""
    tally = Counted(ends=Ends(as_of, book), engine=Engine(book))
    with no_collector():
        for number, path in enumerate(files):
            for batch in batches(path, number):
                _count(tally, batch, number)
    return tally


def batches(path: Path, number: int) -> Iterator[list[RawRecord]]:
    """Records with the file as topic and the line as offset, so missing ids become ``name/line``."""
    lines = track(read_lines(path), count_lines(path), f"reading {path.name}")
    records = (RawRecord(line.name, number, line.number, FILE_CLOCK, None, line.raw) for line in lines)
    return iter(lambda: list(islice(records, BATCH)), [])


def _count(tally: Counted, batch: list[RawRecord], number: int) -> None:
    kept, refusals = tally.take(batch)
    for tenant, block in encode_blocks(batch[0].topic, number, kept, refusals):
        tally.engine.apply(decode_block(block), tenant, 0)
    for conflict in tally.engine.finish().conflicts:
        tally.conflict(conflict)


def the_tenants(tally: Tally, asked: str | None) -> list[str]:
    """The tenants to show: the one requested, otherwise all with events. Raises CliError for an unknown one."""
    if asked is None:
        return sorted(tally.accepted) or ["default"]
    if tally.accepted and asked not in tally.accepted:
        raise CliError(f"no events for tenant {asked}: the files contain {', '.join(sorted(tally.accepted))}", code=1)
    return [asked]
