"""A tenant's facts and what surrounds them: input offsets, known identities, event times."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from heapq import nlargest
from typing import Any, Final

from kpis.calendar.zone import Zone, zone
from kpis.cells.cells import CellKey, Cells
from kpis.cells.deltas import DAY_MS
from kpis.cells.ledger import minute_of
from kpis.cells.measures import is_counter
from kpis.cells.segments import OTHER
from kpis.facts.priced import Priced
from kpis.intake import batch, quality
from kpis.intake.dedupe import Seen
from kpis.intake.late import event_label
from kpis.intake.unpicked import NOBODY
from kpis.slices import SLICE, Work, finish
from kpis.state import erasing, erasure, rebuild
from kpis.state.definition import counted_with
from kpis.tenant.tenant import Tenant
from models.events import SHAPES
from models.record import UNKNOWN_TYPE, Block, Row

UNKNOWN_TYPES: Final = 500  # that are counted separately
OTHER_TYPE: Final = f"crm.{OTHER}"
REDEFINED: Final = "redefined"  # in the stored meta: the generation of the cells, and what they were counted with
NEWEST: Final = 20  # expiry follows the twentieth newest event, so that a few wrong years fold nothing away


def is_known(label: str) -> bool:
    """Whether an event's label is of a type in the contract: these are few."""
    return label.partition(":")[0] in SHAPES


def is_crowded(state: "TenantState", *, any_order: bool) -> bool:
    """Whether a tenant has more names than are kept, so that which are kept may depend on how its events came.

    ``any_order``: compared with a run in another order; else in other batches only, on which pages do not depend.
    """
    full = state.tenant.sets.full
    types = sum(not is_known(label) for label in state.types) >= UNKNOWN_TYPES
    return bool(full) or types if any_order else bool(full - {"page"})


class TenantState:
    """Everything of one tenant that survives a crash, and what is derived from it."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.seen = Seen()
        self.highs: dict[tuple[str, int], int] = {}  # input topic, partition -> highest offset taken
        self.first: int | None = None  # smallest event time, ms
        self.watermark: int | None = None  # greatest event time, ms
        self.types: set[str] = set()  # every event type ever accepted
        self._of_old: list[str] = []  # types that an earlier build stored in a list without a limit
        self.newest: list[int] = []
        self._times: list[int] = []  # of events that were taken and are not among these yet
        self.expired_day: int | None = None
        self.journal_day = -(1 << 30)
        self.definition = 1  # incremented whenever the cells are recounted with other settings or formulas
        self.counted: str | None = counted_with(tenant.settings)  # what the cells were counted with
        self.counted_zone: Zone = tenant.zone
        self.generations = 0  # the greatest ever started, which may have left entries
        self.waste: list[bytes] = []  # keys of stored cells of other generations
        self.follower: Callable[[Row], Any] | None = None  # called with every row that was taken
        self.dirty: set[tuple[str, Any]] = {("meta", None), ("settings", None)}
        self.priced = Priced()
        self.tally: Counter[str] = Counter()  # since the last batch ended; not stored
        self.request: Row | None = None  # the erasure accepted last, to be carried out now

    @property
    def outdated(self) -> bool:
        """Whether the cells were counted with other settings or formulas than the tenant has now."""
        return self.counted != counted_with(self.tenant.settings)

    @property
    def generation(self) -> int:
        """The generation of its cells."""
        return self.tenant.cells.generation

    def redefine(self, tenant: Tenant) -> None:
        """Switch to a recounted tenant, and increment the definition."""
        self.tenant = tenant
        self.definition += 1
        self.counted, self.counted_zone = counted_with(tenant.settings), tenant.zone
        self.dirty |= {("meta", None), ("settings", None)}

    def admit(self, block: Block) -> int:
        """Record a block's highest offset; returns the highest one taken before from its input partition."""
        origin = (block["topic"], block["partition"])
        above = self.highs.get(origin, -1)
        offsets = [fields[0] for fields in (*block["rows"][-1:], *block["refused"][-1:])]
        highest = max(offsets, default=above)
        if highest > above:
            self.highs[origin] = highest
            self.dirty.add(("high", origin))
        return above

    def take(self, rows: list[Row], journal_ts: int) -> Iterator[Row]:
        """Take new rows into the facts, count duplicates; yields the conflicts."""
        day = max(self.journal_day, journal_ts // DAY_MS)
        if day > self.journal_day:
            self.journal_day = day
            self.seen.forget(day)
            self.dirty.add(("meta", None))
        known = self.seen.known([row.identity for row in rows])
        fresh: dict[int, int] = {}
        ledger = self.tenant.ledger
        for row in rows:
            content = known.get(row.identity)
            if content is None:
                content = fresh.get(row.identity)
            if content is None:
                fresh[row.identity] = row.content
                self._accept(row)
            elif content == row.content:
                quality.note(ledger, quality.DUPLICATES, row.received)
                self.tally["duplicates"] += 1
            else:
                quality.note(ledger, quality.CONFLICTS, row.received)
                yield row
        self.seen.add(fresh, day)
        self._note_times()

    def _accept(self, row: Row) -> None:
        tenant = self.tenant
        if row.flags & UNKNOWN_TYPE:
            row = self._fit_type(row)
        late = row.received - row.time > tenant.late_after
        quality.note(tenant.ledger, quality.LATE if late else quality.RECEIVED, row.received)
        if late:
            self.tally["late"] += 1
        if row.flags:
            quality.note_flags(tenant.ledger, row)
        if (currency := quality.currency_of(row)) is not None:
            self.dirty.add(("priced", self.priced.add(currency, row.time // 900_000, row.received // 60_000)))
        label = event_label(row)
        if label not in self.types:
            self.types.add(label)
            self.dirty.add(("meta", None) if is_known(label) else ("type", label))
        if not (row.type == "crm.deal.created" and row.data.get("time_known") is False):
            self._times.append(row.time)
        taken, gone = erasure.treated(tenant, row) if tenant.salt else (row, NOBODY)
        batch.take(tenant, taken, gone)
        if self.follower is not None:
            self.follower(taken)
        if row.type == erasure.REQUEST:
            self.request = row

    def erase(self, request: Row) -> erasure.Plan:
        """Carry out an erasure, before the next event; returns what was done."""
        described = f"{request.identity} {request.content} {request.received}"
        secret = described if self.tenant.salt else f"{described} {self.seen.fingerprint()} {self.newest}"
        plan = erasure.Plan(self.tenant, request, secret)
        erasing.carry_out(self.tenant, plan)
        return plan

    def _fit_type(self, row: Row) -> Row:
        """Replace an unknown type with `crm.__other__` once `UNKNOWN_TYPES` are kept."""
        if row.type in self.types or sum(not is_known(label) for label in self.types) < UNKNOWN_TYPES:
            return row
        return row._replace(type=OTHER_TYPE)

    def _note_times(self) -> None:
        """Update the first, the greatest and the newest times from the events taken since."""
        times, self._times = self._times, []
        if not times:
            return
        known = (self.first, self.watermark, self.newest)
        first, last = min(times), max(times)
        self.first = first if self.first is None else min(first, self.first)
        self.watermark = last if self.watermark is None else max(last, self.watermark)
        self.newest = nlargest(NEWEST, [*self.newest, *times])
        if known != (self.first, self.watermark, self.newest):
            self.dirty.add(("meta", None))

    def finish(self) -> None:
        """End a batch."""
        self._expire()  # first: what is older than levels keep goes straight into their carries
        batch.finish(self.tenant)
        self.tenant.cells.fold()

    def _expire(self) -> None:
        if len(self.newest) == NEWEST:
            minute = minute_of(self.newest[-1])
            if self.expired_day is None or minute // 1440 > self.expired_day:
                self.expired_day = minute // 1440
                self.tenant.cells.expire(self.expired_day * 1440)
                self.dirty.add(("meta", None))

    def meta(self) -> dict[str, Any]:
        """What is stored about the tenant as a whole."""
        found = {
            "first": self.first,
            "watermark": self.watermark,
            "types": sorted(filter(is_known, self.types)),  # the others are entries of their own
            "newest": self.newest,
            "expired_day": self.expired_day,
            "journal_day": self.journal_day,
            "definition": self.definition,
            "counted": self.counted,
            "tz": self.counted_zone.name,
        }
        # Builds that do not know generations then find no cells of theirs, so they recount.
        return {**found, "counted": None, REDEFINED: [self.generation, self.counted]} if self.generation else found

    def load_meta(self, stored: dict[str, Any]) -> None:
        """Restore the result of `meta`."""
        self.first, self.watermark = stored["first"], stored["watermark"]
        self.types.update(stored["types"])
        self._of_old = [label for label in stored["types"] if not is_known(label)]
        self.newest = stored["newest"]
        self.expired_day, self.journal_day = stored["expired_day"], stored["journal_day"]
        # States of earlier builds do not record what they were counted with.
        self.definition = stored.get("definition", 1)
        self.tenant.cells.generation, self.counted = stored.get(REDEFINED) or (0, stored.get("counted"))
        self.generations = self.generation
        self.counted_zone = zone(stored.get("tz", self.tenant.settings.tz))

    def restore(self) -> Work:
        """Rebuild everything derived, after the last entry."""
        tenant = self.tenant
        yield from rebuild.restore(tenant)
        self.dirty = {("type", label) for label in self._of_old}
        yield from self.seen.restore(self.journal_day)
        if self.expired_day is not None:
            tenant.cells.set_floors(self.expired_day * 1440)
            tenant.cells.refold()
        while tenant.cells.folding:
            tenant.cells.fold()
            yield SLICE

    def recount(self) -> list[tuple[CellKey, int, int]]:
        """Compare the cells with the contribution of all facts, after folding everything that is due."""
        while self.tenant.cells.folding:
            self.tenant.cells.fold()
        fresh = Cells(self.tenant.zone, levels=self.tenant.keeps.levels)
        fresh.floors = self.tenant.cells.floors
        finish(rebuild.contribute(self.tenant, fresh))
        kept, counted = _facts(self.tenant.cells), _facts(fresh)
        return [
            (key, kept.get(key, 0), counted.get(key, 0))
            for key in kept.keys() | counted.keys()
            if kept.get(key) != counted.get(key)
        ]


def _facts(cells: Cells) -> dict[CellKey, int]:
    found: Iterable[tuple[CellKey, int]] = cells.items()
    return {key: total for key, total in found if not is_counter(key[0])}
