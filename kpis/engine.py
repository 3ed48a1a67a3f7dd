"""All state of one lane: every tenant of one journal partition. Pure: no clock, no IO.

``apply`` takes the journal's records in order, ``finish`` ends a batch and says what changed, ``load`` puts stored
entries back. Nothing depends on how records are batched, and but for conflicts nothing on their order.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Set
from sys import intern
from typing import Any, Final, NamedTuple

import orjson

from kpis import quality
from kpis.composing import Composed, Composer
from kpis.documents import Document, ageing_documents, documents
from kpis.erasure import REQUEST
from kpis.redefined import redefined
from kpis.stored import dirty_entries, load_entry, tenant_of
from kpis.tenant import Tenant
from kpis.tenant_state import TenantState
from models.record import Block, Refusal, Row
from models.tenants import TenantBook

MANY_GROUPS: Final = 400  # so many groups of facts are put back at once where requests for erasure follow each other


class Conflict(NamedTuple):
    """An event whose identity was seen with other content: to be dead-lettered with the journal's bytes."""

    topic: str
    partition: int
    offset: int
    tenant: str
    row: bytes


class Part(NamedTuple):
    """Rows of a block up to a request for erasure, that one included."""

    tenant: str
    origin: tuple[str, int]  # topic, partition
    rows: list[Row]
    journal_ts: int


class Outcome(NamedTuple):
    """What a batch changed: entries for the changelog (None: gone), conflicts, and the tenants it touched."""

    entries: list[tuple[bytes, bytes | None]]
    conflicts: list[Conflict]
    touched: set[str]
    redefined: set[str]
    failures: list[tuple[str, str]]
    tally: Counter[str]  # "late" events and "duplicates" of the batch, for whoever watches


def _row(fields: list[Any]) -> Row:
    # Types and sources are few and kept with many facts: one text each.
    fields[5], fields[8] = intern(fields[5]), intern(fields[8])
    return Row(*fields)


def _parts(rows: list[Row]) -> Iterator[list[Row]]:
    """Rows in parts that end with a request for erasure: it is carried out before the next event."""
    start = 0
    for at, row in enumerate(rows, 1):
        if row.type == REQUEST:
            yield rows[start:at]
            start = at
    yield rows[start:]


class Engine:
    """The state of one lane."""

    def __init__(self, book: TenantBook) -> None:
        self._book = book
        self._tenants: dict[str, TenantState] = {}
        self._conflicts: list[Conflict] = []
        self._touched: set[str] = set()
        self._changed: list[tuple[bytes, bytes | None]] = []
        self._composer = Composer(self._tenants)
        self._parts: deque[Part] = deque()

    def tenants(self) -> Iterable[str]:
        """Every tenant of this lane."""
        return self._tenants

    def state(self, tenant: str) -> TenantState:
        """A tenant's state, empty when it is new."""
        found = self._tenants.get(tenant)
        if found is None:
            found = self._tenants[tenant] = TenantState(Tenant(tenant, self._book[tenant]))
        return found

    def load(self, key: bytes, value: bytes | None) -> None:
        """Put one stored entry back. A tombstone stands for an entry that came earlier in the changelog."""
        load_entry(self.state(tenant_of(key)), key, value)

    def restored(self) -> Iterator[None]:
        """Make everything that is derived, after the last ``load``."""
        for state in self._tenants.values():
            state.restore()
            yield

    def configure(self, book: TenantBook) -> None:
        """Have other settings from now on; `outdated` then names whose cells are to be counted again."""
        self._book = book

    def outdated(self) -> list[str]:
        """Tenants whose cells were counted with other settings or formulas than those of now. Between batches."""
        return [
            name for name, state in self._tenants.items()
            if state.outdated or state.tenant.settings != self._book[name]
        ]  # fmt: skip

    @property
    def pending(self) -> bool:
        """Whether tenants wait to be counted again."""
        return bool(self.outdated())

    def step(self) -> None:
        """Count one of them again."""
        self.redefine(self.outdated()[0])

    def redefine(self, tenant: str) -> None:
        """Make a tenant's cells again from its facts; `finish` says what changed. Between batches, before any event."""
        _, entries = redefined(self._tenants[tenant], self._book[tenant])
        self._changed += entries
        self._touched.add(tenant)

    def apply(self, block: Block, tenant: str, journal_ts: int, skip: Set[int] = frozenset()) -> None:
        """Take one journal record. ``journal_ts``: its timestamp, ms, which dates the memory of identities.

        ``skip``: offsets of events in quarantine. They count as refused.
        """
        state = self.state(tenant)
        self._touched.add(tenant)
        above = state.admit(block)
        rows = [_row(fields) for fields in block["rows"] if fields[0] > above and fields[0] not in skip]
        for fields in block["rows"] if skip else ():
            if fields[0] > above and fields[0] in skip:
                quality.note(state.tenant.ledger, quality.INVALID, fields[1])
        for refused in block["refused"]:
            if refused[0] > above:
                quality.note(state.tenant.ledger, quality.INVALID, Refusal(*refused).received)
        running = self.unapplied
        self._parts.extend(
            Part(tenant, (block["topic"], block["partition"]), part, journal_ts) for part in _parts(rows)
        )
        if not running:
            self.apply_more()

    @property
    def unapplied(self) -> bool:
        """Whether rows of applied blocks wait behind a request for erasure: see `apply_more`."""
        return bool(self._parts)

    def apply_more(self) -> None:
        """Take the rows up to the next request for erasure, and carry that out. `finish` does so with all that is left.

        A host whose calls are to be short calls this until nothing is ``unapplied``.
        """
        part = self._parts.popleft()
        state = self._tenants[part.tenant]
        for row in state.take(part.rows, part.journal_ts):
            self._conflicts.append(Conflict(*part.origin, row.offset, part.tenant, orjson.dumps(tuple(row))))
        if state.request is not None:
            state.erase(state.request)
            state.request = None
            if state.tenant.ledger.size > MANY_GROUPS:
                state.tenant.finish()

    def finish(self) -> Outcome:
        """End the batch: changes go into the cells."""
        while self.unapplied:
            self.apply_more()
        entries, self._changed = self._changed, []
        tally: Counter[str] = Counter()
        for name in self._touched:
            state = self._tenants[name]
            state.finish()
            entries += dirty_entries(state)
            tally += state.tally
            state.tally.clear()
        self._composer.touch(self._touched)
        outcome = Outcome(entries, self._conflicts, self._touched, set(), [], tally)
        self._conflicts, self._touched = [], set()
        return outcome

    def compose(
        self, now: int, *, live: bool, enough: Callable[[], bool], only_urgent: bool = False
    ) -> Composed:  # fmt: skip
        """Make documents that may be others at ``now`` (ms) than what was sent, in slices, until ``enough`` says so.

        Between batches, when all that was counted is committed. Raises ValueError for an as-of that no pane answers.
        """
        return self._composer.compose(now, live=live, enough=enough, only_urgent=only_urgent)

    def everything(self, tenants: Iterable[str] | None = None) -> None:
        """Have `compose` send all documents of tenants (None: of all) anew: the store lost them."""
        self._composer.everything(tenants)

    def documents(self, tenant: str, as_of: int, *, live: bool, full: bool = True) -> list[Document]:
        """All KPI documents of a tenant at ``as_of`` (ms); not ``full``: those that changed since they were sent."""
        if full:
            return documents(self.state(tenant), as_of, live=live)
        return [document for one in self._composer.changes(tenant, as_of) for document in one.documents]

    def ageing_documents(self, tenant: str, as_of: int) -> list[Document]:
        """Those at ``as_of`` (ms) of the KPIs whose numbers go on with the clock: how old, how long ago."""
        return ageing_documents(self.state(tenant), as_of)

    def recount(self, tenant: str) -> list[tuple[Any, int, int]]:
        """Cells that differ from the contribution of all facts: (cell, kept, recounted). Empty is right."""
        return self.state(tenant).recount()
