"""Replays one tenant's events period by period: each end knows exactly what `compute --as-of` that end would.

Events are sorted by period and counted once. If the order within a file matters but differs from the order of periods
(an erasure, conflicting ids, a full dimension), the period is counted from the start.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple

from cli.garbage import no_collector
from cli.periods import Period
from kpis.engine import Conflict, Engine
from kpis.publish.documents import Document
from kpis.state.erasure import REQUEST
from kpis.state.tenant_state import TenantState, is_crowded
from models.blocks import decode_block, encode_blocks
from models.record import Block, Refusal, Row
from models.tenants import TenantBook

NEVER: Final = 1 << 60
Place = tuple[int, int]  # batch, offset: the order of the files


class Part(NamedTuple):
    """The events of a batch of lines in one period."""

    batch: int
    file: int
    block: bytes


class Replay:
    """``periods``: in order; each includes the events before its end. ``conflicts``: by place."""

    def __init__(self, tenant: str, book: TenantBook, periods: Sequence[Period]) -> None:
        self._tenant, self._book, self._periods = tenant, book, periods
        self._ends = [period.end for period in periods]
        self._parts: list[list[Part]] = [[] for _ in periods]
        self._span: list[tuple[Place, Place] | None] = [None for _ in periods]  # first and last event
        self._seen: dict[int, int] = {}  # identity -> the first period it was seen in
        self._ordered_from = NEVER  # the first period in which order matters
        self._mixed = False  # whether the files' order differs from the order of periods
        self._engine = Engine(book)
        self.conflicts: dict[tuple[str, int], Conflict] = {}

    def add(self, batch: int, topic: str, file: int, rows: Iterable[Row], refusals: Sequence[Refusal] = ()) -> None:
        """Add a batch of lines, none after the last end. Refused lines count at every end."""
        of: dict[int, list[Row]] = {0: []} if refusals else {}
        for row in rows:
            period = self._period_of(row)
            of.setdefault(period, []).append(row)
            self._note(row, period, (batch, row.offset))
        for period, held in of.items():
            blocks = encode_blocks(topic, file, held, () if period else refusals)
            self._parts[period] += [Part(batch, file, block) for _, block in blocks]

    def _period_of(self, row: Row) -> int:
        known = row.data.get("time_known") is not False
        return bisect_right(self._ends, row.time) if known else 0

    def _note(self, row: Row, period: int, place: Place) -> None:
        seen = self._seen.setdefault(row.identity, period)
        if seen != period or row.type == REQUEST:
            self._ordered_from = min(self._ordered_from, max(seen, period))
        span = self._span[period]
        self._span[period] = (place if span is None else span[0], place)

    def documents(self) -> Iterator[tuple[Period, list[Document]]]:
        """All documents at the end of each period."""
        last: Place = (-1, -1)
        for at, period in enumerate(self._periods):
            if (span := self._span[at]) is not None:
                self._tell(at, follows=span[0] > last)
                last = max(last, span[1])
            elif self._parts[at]:
                self._count(self._parts[at], at)
            yield period, self._engine.documents(self._tenant, period.end, live=False)

    def _tell(self, at: int, *, follows: bool) -> None:
        self._mixed |= not follows
        if follows or at < self._ordered_from:
            self._count(self._parts[at], at)
            if not is_crowded(self._state, any_order=self._mixed):
                return
        self._engine = Engine(self._book)
        self._count([part for parts in self._parts[: at + 1] for part in parts], at)

    @property
    def _state(self) -> TenantState:
        return self._engine.state(self._tenant)

    def _count(self, parts: list[Part], at: int) -> None:
        """Count parts in the order of their files. Each period uses its own input partitions."""
        with no_collector():
            for _, batch in groupby(sorted(parts, key=attrgetter("batch")), attrgetter("batch")):
                self._engine.apply(_together(list(batch), at), self._tenant, 0)
                found = self._engine.finish().conflicts
                self.conflicts.update({(one.topic, one.offset): one for one in found})


def _together(parts: list[Part], at: int) -> Block:
    """Parts of one batch as one block, in the order of its lines."""
    blocks = [decode_block(part.block) for part in parts]
    return {
        "topic": blocks[0]["topic"],
        "partition": at << 32 | parts[0].file,
        "rows": sorted((row for block in blocks for row in block["rows"]), key=itemgetter(0)),
        "refused": sorted((one for block in blocks for one in block["refused"]), key=itemgetter(0)),
    }
