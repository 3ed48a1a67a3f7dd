"""One pass over a source: its pages, cleaned and checked, to Kafka, and the cursor behind each one."""

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
    """A page, and what the ledger of rows is to know of it."""

    page: Page
    entries: Sequence[tuple[bytes, Entry]] = ()


class Parcels(Protocol):
    """What is pulled from: a source of `collectors.pulled`, or the rows of a database as events."""

    remember: bool

    def parcels(self, cursor: Cursor, found: "Pulled") -> AsyncIterator[Parcel]:
        """Of one pass from ``cursor`` on; what is left out before it is an event is noted in ``found``."""
        ...


class Paged:
    """A source of `collectors.pulled`, whose events are made already."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.remember = source.remember

    async def parcels(self, cursor: Cursor, found: "Pulled") -> AsyncIterator[Parcel]:
        """Its pages."""
        async for page in self._source.pages(cursor):
            yield Parcel(page)


class Sender(Protocol):
    """Where records go."""

    async def send(self, records: Sequence[Record]) -> None:
        """Returns when all of them are acknowledged; raises otherwise, and some may have arrived."""
        ...


Judge = Callable[[Reading, int], tuple[Verdict, list[Record]]]
"""What the policy and the contract make of events that were read at a time, ms UTC: `Intake.judge` of a tenant."""


@dataclass
class Pulled:
    """What a pass has come across."""

    sent: int = 0
    known: int = 0  # sent before, and left out
    ignored: int = 0  # items that are no events of ours
    pages: int = 0
    refused: Refusals = field(default_factory=Refusals)

    def rows(self) -> dict[str, Any]:
        """For `--json`."""
        told = {"sent": self.sent, "known": self.known, "ignored": self.ignored, "pages": self.pages}
        return {**told, "left_out": len(self.refused), "reasons": self.refused.by_reason}


@dataclass
class Pass:
    """One pass. ``now``: ms UTC. A kill at any moment repeats one page at most, with the same ids."""

    source: Parcels
    state: State
    ledger: Ledger
    judge: Judge
    sender: Sender
    now: Callable[[], int]

    async def run(self) -> Pulled:
        """To the end of what there is. Raises what the source and the sender raise."""
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
        """Those not sent before, each once, and what they are remembered by."""
        if not self.source.remember:
            return records, []
        by_digest = {self.state.digest(_lasting(record)): record for record in records}
        fresh = self.state.unsent(list(by_digest))
        return [record for digest, record in by_digest.items() if digest in fresh], sorted(fresh)


def _dated(reading: Reading) -> Reading:
    """History that is read today did not arrive late, and an event that is read again is the same to the byte."""
    events = [
        (at, event._replace(attributes={"recordedtime": event.time, **event.attributes}) if event.time else event)
        for at, event in reading.events
    ]
    return reading._replace(events=events)


def _lasting(record: Record) -> bytes:
    """What of a record is the same when it is made again: its event, or the item of a dead letter."""
    return orjson.dumps([record.topic, record.value.decode("utf-8", "replace")])


def _words(one: dict[str, Any]) -> str:
    return ": ".join(filter(None, (one["field"], one["detail"])))
