"""All state of one lane: every tenant of one journal partition. Pure: no clock, no IO.

``apply`` takes the journal's records in order, ``finish`` ends a batch and returns what changed, ``load`` restores
stored entries. Results do not depend on how records are batched, nor, except for conflicts, on their order. Calls are
short: long work is done in slices, in ``restored`` and ``step``.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from sys import intern
from typing import Any, NamedTuple

import orjson

from kpis.background import Background, Failure
from kpis.catalog.kept import kept
from kpis.intake import batch, quality
from kpis.intake.batch import new_tenant
from kpis.publish.composing import Composed, Composer
from kpis.publish.documents import Document, ageing_documents, documents
from kpis.publish.tenants import AWAKE, Tenants
from kpis.query.ask import Answering, NotFound, answering
from kpis.slices import PACE, Pace, paced
from kpis.state.erasing import MANY_GROUPS
from kpis.state.erasure import REQUEST
from kpis.state.stored import Entry, cell_entries, fact_entries, restore, state_entries, tenant_of
from kpis.state.tenant_state import TenantState
from models.record import Block, Refusal, Row
from models.tenants import TenantBook


class Conflict(NamedTuple):
    """An event whose identity was seen with other content: to be dead-lettered with the journal's bytes."""

    topic: str
    partition: int
    offset: int
    tenant: str
    row: bytes


class Part(NamedTuple):
    """Rows of a block up to and including a request for erasure."""

    tenant: str
    origin: tuple[str, int]  # topic, partition
    rows: list[Row]
    journal_ts: int


class Outcome(NamedTuple):
    """What a batch changed: entries for the changelog (None: deleted), conflicts, and the tenants it touched.

    ``redefined``: tenants with other settings or formulas from now on: all their documents change.
    ``failures``: redefinitions that were abandoned.
    """

    entries: list[Entry]
    conflicts: list[Conflict]
    touched: set[str]
    redefined: set[str]
    failures: list[Failure]
    tally: Counter[str]  # "late" events and "duplicates" of the batch, for monitoring


def _row(fields: list[Any]) -> Row:
    # Types and sources are few, and many facts hold them: one string each.
    fields[5], fields[8] = intern(fields[5]), intern(fields[8])
    return Row(*fields)


def _parts(rows: list[Row]) -> Iterator[list[Row]]:
    """Rows in parts that end with a request for erasure, which is carried out before the next event."""
    start = 0
    for at, row in enumerate(rows, 1):
        if row.type == REQUEST:
            yield rows[start:at]
            start = at
    yield rows[start:]


class Engine:
    """The state of one lane. ``awake``: how many idle tenants stay objects; see kpis.publish.tenants."""

    def __init__(self, book: TenantBook, pace: Pace = PACE, awake: int = AWAKE) -> None:
        self._book = book
        self._tenants = Tenants(awake)
        self._stored: dict[str, dict[bytes, bytes]] = {}  # entries that were loaded, by tenant
        self._background = Background(self._tenants, pace)
        self._folding: set[str] = set()  # tenants with panes still to fold
        self._conflicts: list[Conflict] = []
        self._touched: set[str] = set()
        self._composer = Composer(self._tenants)
        self._parts: deque[Part] = deque()

    def tenants(self) -> Iterable[str]:
        """Every tenant of this lane."""
        return self._tenants

    def state(self, tenant: str) -> TenantState:
        """A tenant's state, empty when it is new."""
        if tenant not in self._tenants:
            settings = self._book[tenant]
            return self._tenants.add(TenantState(new_tenant(tenant, settings, kept(settings)))).state
        return self._tenants.take(tenant).state

    def load(self, key: bytes, value: bytes | None) -> None:
        """Load one stored entry; a later one with the same key replaces it. None: it was deleted."""
        tenant = tenant_of(key)
        self.state(tenant)
        held = self._stored.setdefault(tenant, {})
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value

    def restored(self) -> Iterator[None]:
        """Rebuild all tenants from what was loaded, after the last `load`, in slices."""
        for name in list(self._tenants):
            state = self._tenants[name].state
            yield from paced(restore(state, self._stored.pop(name, {}), self._book[name]))
            self._tenants.restart(name)
            state.tenant.cells.touched.clear()  # all is published anyhow, and there was no event: it is not live
            if state.waste:
                self._background.discard(state.waste)
                state.waste = []
            if state.tenant.cells.folding:
                self._folding.add(name)
            self._tenants.make_room()
            yield
        self._plan()

    # --- work beside the events

    def configure(self, book: TenantBook) -> None:
        """Use other settings from now on. Tenants whose cells depend on them are recounted in `step`s."""
        self._book = book
        self._composer.touch([name for name in self._tenants if self._tenants.retarget(name, book[name])])
        self._plan()

    def _plan(self) -> None:
        self._background.plan({name: self._book[name] for name in self.outdated()})

    def outdated(self) -> list[str]:
        """Tenants whose cells were counted with other settings or formulas than the current ones."""
        return [name for name in self._tenants if self._tenants.is_outdated(name, self._book[name])]

    @property
    def pending(self) -> bool:
        """Whether there is work that needs `step`, or a `finish` to store its results."""
        return self._background.pending or bool(self._folding)

    @property
    def queued(self) -> int:
        """Rows queued to be counted a second time, by a redefinition that has not caught up yet."""
        return self._background.queued

    def step(self) -> bool:
        """Do a slice of the pending work, between two records or batches; `finish` returns what it changes.

        Returns whether another slice may follow before `finish`. A host that counts events meanwhile gives steps about
        as much time as events, so that what is counted twice catches up.
        """
        return self._background.step()

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
        """Take the rows up to the next request for erasure, and carry it out. `finish` does this for all that is left.

        A host that needs short calls repeats this until nothing is ``unapplied``.
        """
        part = self._parts.popleft()
        state = self._tenants[part.tenant].state
        for row in state.take(part.rows, part.journal_ts):
            self._conflicts.append(Conflict(*part.origin, row.offset, part.tenant, orjson.dumps(tuple(row))))
        if state.request is not None:
            plan = state.erase(state.request)
            state.request = None
            self._background.erase(part.tenant, plan)
            if state.tenant.ledger.size > MANY_GROUPS:
                batch.finish(state.tenant)

    def finish(self) -> Outcome:
        """End the batch: write its changes into the cells."""
        while self.unapplied:
            self.apply_more()
        entries: list[Entry] = []
        for name in self._touched | self._folding:
            entries += self._finish(name)
        switched = self._background.finish(entries)
        redefined = set() if switched is None else {switched}
        if switched is not None:
            self._tenants.restart(switched)
        tally: Counter[str] = Counter()
        for name in self._touched | redefined:
            state = self._tenants[name].state
            entries += state_entries(state)
            tally += state.tally
            state.tally.clear()
        self._composer.touch(self._touched | redefined)
        failures, self._background.failures = self._background.failures, []
        outcome = Outcome(entries, self._conflicts, self._touched, redefined, failures, tally)
        self._conflicts, self._touched = [], set()
        self._tenants.make_room()
        return outcome

    def _finish(self, name: str) -> Iterator[Entry]:
        state = self._tenants[name].state
        state.finish()
        (self._folding.add if state.tenant.cells.folding else self._folding.discard)(name)
        if (running := self._background.redefining(name)) is not None:
            running.note(state.tenant.dirty)
        yield from fact_entries(state.tenant)
        yield from cell_entries(state.tenant)

    def compose(
        self, now: int, *, live: bool, enough: Callable[[], bool], only_urgent: bool = False
    ) -> Composed:  # fmt: skip
        """Compute the documents that may have changed by ``now`` (ms), in slices, until ``enough`` returns true.

        Call between batches, when all that was counted is committed. Raises ValueError for an as-of no pane answers.
        """
        return self._composer.compose(now, live=live, enough=enough, only_urgent=only_urgent)

    def everything(self, tenants: Iterable[str] | None = None) -> None:
        """Make `compose` resend all documents of tenants (None: of all): the store lost them."""
        self._composer.everything(tenants)

    def documents(self, tenant: str, as_of: int, *, live: bool, full: bool = True) -> list[Document]:
        """All KPI documents of a tenant at ``as_of`` (ms); not ``full``: those that changed since they were sent."""
        if full:
            return documents(self.state(tenant), as_of, live=live)
        return [document for one in self._composer.changes(tenant, as_of) for document in one.documents]

    def ask(self, tenant: str, now: int, asked: Mapping[str, Any]) -> Answering:
        """Answer a question about a tenant as of ``now`` (ms), in slices: see `kpis.query.ask`. Between batches, and
        nothing may be applied until the end. Raises `Refused`, and `NotFound`, also for an unknown tenant.
        """
        if tenant not in self._tenants:
            raise NotFound(f"unknown tenant {tenant}")
        return answering(self._tenants[tenant].state, now, asked)

    def ageing_documents(self, tenant: str, as_of: int) -> list[Document]:
        """Documents at ``as_of`` (ms) of the KPIs whose numbers depend on the current time, such as ages."""
        return ageing_documents(self.state(tenant), as_of)

    def recount(self, tenant: str) -> list[tuple[Any, int, int]]:
        """Cells that differ from the contribution of all facts: (cell, kept, recounted). Empty if all are right."""
        return self.state(tenant).recount()
