"""One pass over a source: pages are cleaned, validated and sent to Kafka, and the cursor saved after each."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

from cli.ledger import Entry, Ledger
from cli.pull_state import State
from cli.refusals import Refusals
from collectors.event import Reading
from collectors.pulled.page import Cursor, Page, Source
from collectors.server.intake import Verdict
from collectors.server.publish import Record


class Parcel(NamedTuple):
    """A page, and its entries for the row ledger."""

    page: Page
    entries: Sequence[tuple[bytes, Entry]] = ()


class Parcels(Protocol):
    """A pull source: one of `collectors.pulled`, or database rows as events."""

    remember: bool

    def parcels(self, cursor: Cursor, found: "Pulled") -> AsyncIterator[Parcel]:
        """The parcels of one pass from ``cursor`` on; items that do not become events are noted in ``found``."""
        ...


class Paged:
    """A source of `collectors.pulled`, which yields events."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.remember = source.remember

    async def parcels(self, cursor: Cursor, found: "Pulled") -> AsyncIterator[Parcel]:
        """Its pages."""
        async for page in self._source.pages(cursor):
            yield Parcel(page)


class Sender(Protocol):
    """The destination of records."""

    async def send(self, records: Sequence[Record]) -> None:
        """Returns once all are acknowledged; otherwise raises, and some may have been written."""
        ...


Judge = Callable[[Reading, int], tuple[Verdict, list[Record]]]
"""Applies policy and contract to events read at an instant, ms UTC: `Intake.judge` for a tenant."""


@dataclass
class Pulled:
    """Counts of a pass."""

    sent: int = 0
    known: int = 0  # skipped: sent before
    ignored: int = 0  # items that do not map to an event
    pages: int = 0
    refused: Refusals = field(default_factory=Refusals)

    def rows(self) -> dict[str, Any]:
        """For `--json`."""
        counts = {"sent": self.sent, "known": self.known, "ignored": self.ignored, "pages": self.pages}
        return {**counts, "left_out": len(self.refused), "reasons": self.refused.by_reason}


@dataclass
class Pass:
    """One pass. ``now``: ms UTC. After a kill, at most one page is repeated, with the same ids."""

    source: Parcels
    state: State
    ledger: Ledger
    judge: Judge
    sender: Sender
    now: Callable[[], int]

    async def run(self) -> Pulled:
        """Run to the end of the source. Raises what source and sender raise."""
        found = Pulled()
        async for parcel in self.source.parcels(self.state.cursor, found):
            await self._take(parcel, found)
        return found

    async def _take(self, parcel: Parcel, found: Pulled) -> None:
        reading, after = parcel.page
        verdict, records = self.judge(_dated(reading), self.now())
        for one in verdict.rejected:
            found.refused.add(one["code"], f"page {found.pages + 1}, item {one['index'] + 1}", _words(one))
        fresh, digests = self._unsent(records)
        self.ledger.keep(parcel.entries)  # before the first is sent: after a kill the same rows get the same ids
        await self.sender.send(fresh)
        self.ledger.keep((key, entry._replace(sent=True)) for key, entry in parcel.entries)
        self.state.keep(after, digests)
        found.pages += 1
        found.sent += len(fresh)
        found.known += len(records) - len(fresh)
        found.ignored += reading.ignored

    def _unsent(self, records: list[Record]) -> tuple[list[Record], list[bytes]]:
        """The records not sent before, each once, with their digests."""
        if not self.source.remember:
            return records, []
        by_digest = {self.state.digest(_lasting(record)): record for record in records}
        fresh = self.state.unsent(list(by_digest))
        return [record for digest, record in by_digest.items() if digest in fresh], sorted(fresh)


def _dated(reading: Reading) -> Reading:
    """Dates events so that history is not late data, and an event read again is identical to the byte."""
    events = [
        (at, event._replace(attributes={"recordedtime": event.time, **event.attributes}) if event.time else event)
        for at, event in reading.events
    ]
    return reading._replace(events=events)


def _lasting(record: Record) -> bytes:
    """The part of a record that is stable across passes: its event, or the item of a dead letter."""
    return orjson.dumps([record.topic, record.value.decode("utf-8", "replace")])


def _words(one: dict[str, Any]) -> str:
    return ": ".join(filter(None, (one["field"], one["detail"])))
