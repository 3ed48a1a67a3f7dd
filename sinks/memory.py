"""The in-memory twin of the Redis sink: same rules and same reading, checked by the same tests."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sinks.base import FIRST_OF_SWEEP, Board, Held, Note, Packed, Point, Publication, Revision, Status, Update
from sinks.keys import escape, name
from sinks.wire import Entry, Payload, history_of, pack, restore, unpack


@dataclass
class _Board:
    """The stored data of one tenant."""

    revision: Revision | None = None
    taken: int = 0  # publications
    waiting: int = 0
    lane: int = 0
    catching_up: float | None = None
    sweep: set[str] = field(default_factory=set)  # names of documents in the current sweep
    entries: dict[str, Entry] = field(default_factory=dict)
    series: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # key -> bucket -> JSON
    updates: list[Update] = field(default_factory=list)


class MemorySink:
    """A `Sink` and a `Reader` in one. Nothing outlives the process; updates are kept without limit."""

    def __init__(self) -> None:
        self._boards: defaultdict[str, _Board] = defaultdict(_Board)
        self._notes: dict[int, Note] = {}
        self._news = asyncio.Condition()

    async def publish(self, publication: Publication | Packed) -> int:
        """Write all of it atomically; 0 if the store holds a newer revision."""
        packed = pack(publication)
        payload = unpack(packed.payload)
        board = self._boards[packed.tenant]
        if board.revision is not None and board.revision > packed.revision:
            return 0
        board.revision, board.waiting = packed.revision, packed.waiting
        board.lane, board.catching_up = packed.lane, packed.catching_up
        _write(board, packed, payload)
        if packed.full or payload.kpis:
            board.updates.append(_update(packed, payload, len(board.updates) + 1))
        async with self._news:
            self._news.notify_all()
        board.taken += 1
        return board.taken

    async def check(self, note: Note, tenants: Sequence[str]) -> Held:
        """Write a lane's note, unless a newer owner's is there; returns what was held before."""
        before = self._notes.get(note.lane)
        if before is None or (before.epoch, before.position) <= (note.epoch, note.position):
            self._notes[note.lane] = note
        held = {tenant: await self.revision(tenant) for tenant in tenants}
        return Held(before and (before.epoch, before.position, before.checked), held)

    async def revision(self, tenant: str) -> Revision | None:
        """The stored (epoch, position, as_of), or None."""
        return self._boards[tenant].revision if tenant in self._boards else None

    async def close(self) -> None:
        """Nothing to close."""

    async def clear(self) -> None:
        """Forget everything, as FLUSHALL does."""
        self._boards.clear()
        self._notes.clear()

    async def tenants(self) -> list[str]:
        """Every tenant ever published, sorted."""
        return sorted(tenant for tenant, board in self._boards.items() if board.revision is not None)

    async def kpis(self, tenant: str) -> list[str]:
        """Ids of the KPIs for which the tenant has documents, sorted."""
        return sorted({entry.kpi for entry in self._entries(tenant).values()})

    async def document(
        self, tenant: str, kpi: str, window: str, segment: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        """One document, or None if it was never published."""
        entry = self._entries(tenant).get(name(kpi, window, segment))
        return _document(entry) if entry else None

    async def documents(self, tenant: str) -> list[dict[str, Any]]:
        """All documents of the tenant, from one revision, sorted by name."""
        return [_document(entry) for _, entry in sorted(self._entries(tenant).items())]

    async def segments(self, tenant: str, kpi: str, window: str) -> list[dict[str, Any]]:
        """The documents of a KPI's segments in a window, read at one moment, sorted by name."""
        begins = name(kpi, window) + ":"
        return [_document(entry) for own, entry in sorted(self._entries(tenant).items()) if own.startswith(begins)]

    async def board(self, tenant: str) -> Board:
        """All documents of the tenant with their revision, read at one moment."""
        held = self._boards[tenant] if tenant in self._boards else _Board()
        return Board(held.revision, await self.documents(tenant), held.waiting)

    async def status(self, tenant: str) -> Status | None:
        """How current the tenant's numbers are, or None if it was never published."""
        board = self._boards[tenant] if tenant in self._boards else _Board()
        if board.revision is None:
            return None
        note, as_of = self._notes.get(board.lane), board.revision[2]
        rev = board.revision[:2]
        if note is not None and tenant not in note.failing:
            checked, rev = max(as_of, note.checked), max(rev, (note.epoch, note.position))
        else:
            checked = as_of
        return Status(as_of, checked, board.waiting, board.catching_up, rev)

    async def snapshot(self, tenant: str, window: str) -> list[dict[str, Any]]:
        """A window's documents without a segment, from one revision, sorted by KPI."""
        window = escape(window)
        entries = sorted(self._entries(tenant).values(), key=lambda entry: entry.kpi)
        return [orjson.loads(entry.json) for entry in entries if isinstance(entry.json, str) and entry.window == window]

    async def history(self, tenant: str, kpi: str, step: str) -> dict[str, Point]:
        """A KPI without segment in completed hours, days, weeks or months: bucket -> point, oldest first."""
        stored = self._boards[tenant].series if tenant in self._boards else {}
        return history_of(stored.get(f"{escape(kpi)}:{step}", {}))

    async def histories(self, tenant: str, kpis: Sequence[str], step: str) -> dict[str, dict[str, Point]]:
        """The histories of several KPIs; empty for a KPI without one."""
        return {kpi: await self.history(tenant, kpi, step) for kpi in kpis}

    async def newest(self, tenant: str) -> str:
        """The id of the tenant's last publication, for `updates`; ``0`` if there is none."""
        return str(len(self._boards[tenant].updates)) if tenant in self._boards else "0"

    async def updates(self, tenant: str, after: str = "$") -> AsyncIterator[Update]:
        """Publications after the id ``after``, for ever; ``$``: from now on, ``0``: all that are kept."""
        seen = len(self._boards[tenant].updates) if after == "$" else int(after)
        while True:
            async with self._news:
                while len(self._boards[tenant].updates) <= seen:
                    await self._news.wait()
            for update in self._boards[tenant].updates[seen:]:
                seen += 1
                yield update

    def _entries(self, tenant: str) -> dict[str, Entry]:
        return self._boards[tenant].entries if tenant in self._boards else {}


def _write(board: _Board, packed: Packed, payload: Payload) -> None:
    if packed.sweep == FIRST_OF_SWEEP:
        board.sweep.clear()
    now = {entry.name: entry for entry in payload.entries if entry.fields}
    gone = {entry.name for entry in payload.entries if not entry.fields}
    if packed.full:
        kept = board.sweep if packed.sweep else set()
        gone |= board.entries.keys() - kept
        board.sweep = set()
    elif packed.sweep:
        board.sweep |= now.keys()
        board.sweep -= gone
    for name_ in gone:
        board.entries.pop(name_, None)
    board.entries |= now
    for key, low, high, fields in payload.series:
        held = board.series[key] | dict(zip(fields[::2], fields[1::2], strict=True))
        board.series[key] = {bucket: text for bucket, text in held.items() if low <= bucket <= high}


def _update(packed: Packed, payload: Payload, number: int) -> Update:
    rev = f"{packed.epoch}.{packed.position}"
    return Update(str(number), rev, packed.as_of, tuple(payload.kpis), len(payload.entries), packed.full)


def _document(entry: Entry) -> dict[str, Any]:
    return restore(dict(zip(entry.fields[::2], entry.fields[1::2], strict=True)))
