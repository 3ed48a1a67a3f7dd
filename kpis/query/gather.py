"""Gathers the rows of all members: group by group, touch by touch, and presence and losses in bulk."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from kpis.calendar.intervals import FOREVER, Interval
from kpis.calendar.window_names import MINUTE_WINDOWS
from kpis.calendar.windows import MINUTE_MS
from kpis.cells.cells import MEASURE_MASK, MINUTE_BIAS, MINUTE_BITS, MINUTE_MASK, Rows
from kpis.cells.deltas import Delta
from kpis.cells.distinct import BASES, SUFFIXES, Presence
from kpis.cells.ledger import LAST_MINUTE
from kpis.cells.measures import MEASURE_BITS, NAMES, base_of
from kpis.contributions.touches import codes_of, touch_rows
from kpis.facts.customers import note_all
from kpis.facts.losses import Losses
from kpis.facts.touches import BOT
from kpis.query.readers import Readers
from kpis.query.rows import Member, MemberRows, RowTable
from kpis.query.wanted import Wanted
from kpis.slices import Work
from kpis.tenant.customer_index import Business
from kpis.tenant.person_sets import SEGMENTED
from kpis.tenant.tenant import Tenant

READ: Final = 30  # units of work of a group
TOUCH: Final = 2
MANY: Final = 4096  # persons or customers computed together
GAPS: Final = frozenset({"between", "betweens", "between_days", "repeaters"})
ALONE: Final = frozenset({"ltv", "new_business"})  # measures of customers that are read one by one


class Gatherer:
    """Fills the rows of one KPI's members."""

    def __init__(self, tenant: Tenant, wanted: Wanted) -> None:
        self.rows = MemberRows(tenant, wanted)
        self._readers = Readers(tenant, wanted)
        self._tenant, self._wanted = tenant, wanted

    def gather(self) -> Work:
        """Read every group that may contribute. Between batches; no fact may change until the end."""
        groups, put = self._wanted.groups, self.rows.put
        yield from self._readers.prepare()
        for kind, keys, read in self._readers.all():
            for key in keys() if kind in groups else ():
                for member, contribution in read(key):
                    put(member, contribution)
                yield READ
        if "touch" in groups:
            yield from self._touches()
        if "presence" in groups:
            yield from self._presence()
        if "customer" in groups:
            yield from self._customers()
        self._tenant.forget_read()

    # --- touches

    def _touches(self) -> Work:
        """Each touch as a member of its own, or those of a person together."""
        tenant, people, wanted = self._tenant, self._tenant.people, self._wanted
        names = NAMES.names
        read = [
            any(wanted.measure(names[one]) for one in (*codes.people, *codes.robots, *codes.counts, *codes.modelled))
            for codes in codes_of(tenant.keeps)
        ]
        for raw, touches in people.touches.items():
            for place, (time, kind, flags, own) in enumerate(touches):
                if not read[kind]:
                    continue
                rows = ((code, Delta(names[one], time, 1)) for code, one in touch_rows(tenant, kind, flags, own))
                whole = self._readers.by_person and not flags & BOT
                self.rows.put(("person", people.person(raw)) if whole else ("touch", f"{raw}\0{place}"), rows)
            yield READ + TOUCH * len(touches.packed)

    # --- presence and losses: computed in bulk, with the member's number in the place of its segments

    def _presence(self) -> Work:
        wanted = self._wanted
        bases = frozenset(n for n, name in enumerate(BASES.names) if name in wanted.inputs.bases)
        plain = frozenset(base for base in bases if wanted.only and BASES.names[base] not in wanted.spelled)
        yield from self._seen_in_window(plain)
        yield from self._seen(bases - plain)

    def _seen_in_window(self, bases: frozenset[int]) -> Work:
        """Persons present in the window, where nothing else is read: one row, at their newest minute in it."""
        tenant, window = self._tenant, self._wanted.window
        start, suffix = window.start, window.bucket or window.name
        fine = suffix in MINUTE_WINDOWS
        for person, base, times in tenant.person_sets.present(bases):
            minute = _newest(times, start, window.end)
            if minute is not None:
                segments = tenant.people.segments(person) if base in SEGMENTED else tenant.sets.everything
                change = Delta(f"{BASES.names[base]}@{suffix}", (minute if fine else minute // 15 * 15) * MINUTE_MS, 1)
                self.rows.put(("person", person), [(segments, change)])
            yield TOUCH

    def _seen(self, bases: frozenset[int]) -> Work:
        """All rows of presence, in every window of these kinds."""
        if not bases:
            return
        tenant, wanted = self._tenant, self._wanted
        kinds = frozenset(place for place, suffix in enumerate(SUFFIXES) if suffix in wanted.suffixes)
        presence, whose = Presence(), dict[str, int]()
        for person, base, times in tenant.person_sets.present(bases):
            place = whose.setdefault(person, len(whose))
            presence.whole(base, place, times, 1)
            if place >= MANY:
                yield self._flushed(presence, whose, kinds)
            else:
                yield 3 * len(times)
        yield self._flushed(presence, whose, kinds)

    def _flushed(self, presence: Presence, whose: dict[str, int], kinds: frozenset[int]) -> int:
        tenant, rows = self._tenant, Rows()
        presence.flush(rows, tenant.zone, tenant.landings.young, kinds)
        names = list(whose)
        segmented = {BASES.names[base] for base in SEGMENTED}
        whose.clear()

        def code(person: str, measure: str) -> int:
            return tenant.people.segments(person) if base_of(measure) in segmented else tenant.sets.everything

        return self._unpack(rows, [("person", name) for name in names], code)

    def _customers(self) -> Work:
        """Measures of customers, in bulk."""
        bases, some = self._wanted.inputs.bases, list[tuple[str, Business]]()
        moves = not bases.isdisjoint(("leaves", "reactivations"))
        cohorts = any(base.startswith("cohort") for base in bases)
        gaps = not bases.isdisjoint(GAPS)
        alone = moves or cohorts or gaps or not bases.isdisjoint(ALONE)
        for root, business in self._readers.customers.all():
            some.append((root, business))
            if alone:
                segments = self._tenant.people.segments(root)
                added = self._tenant.customer_index.adds(segments, business, moves=moves, cohorts=cohorts, gaps=gaps)
                self.rows.put(("customer", root), added)
            yield READ
            if len(some) >= MANY:
                yield self._put_levels(some)
        yield self._put_levels(some)

    def _put_levels(self, some: list[tuple[str, Business]]) -> int:
        """When customers started, when they are active, and the losses that follow."""
        tenant, wanted, bases = self._tenant, self._wanted, self._wanted.inputs.bases
        members: list[Member] = [("customer", root) for root, _ in some]
        segments = np.array([tenant.people.segments(root) for root, _ in some], dtype=np.int64)
        if "new_customers" in bases:
            since = (business.customer.since for _, business in some)
            spans = spans_of(() if one is None else ((one, FOREVER),) for one in since)
            self.rows.extend("new_customers", members, spans, segments)
        if "active" in bases:
            spans = spans_of(business.customer.active for _, business in some)
            self.rows.extend("active", members, spans, segments)
        if "paying" in bases:
            spans = spans_of(business.customer.paying for _, business in some)
            self.rows.extend("paying", members, spans, segments)
        if "active_bought" in bases:
            spans = spans_of(business.customer.bought for _, business in some)
            self.rows.extend("active_bought", members, spans, segments)
        losses = Losses()
        for number, (_, business) in enumerate(some if any(base.startswith("lost") for base in bases) else ()):
            note_all(losses, number, business.customer)
        some.clear()
        for measure, *table in losses.apart(tenant.zone, wanted.suffixes):
            if wanted.measure(measure):
                self.rows.extend(measure, members, RowTable(*table), segments)
        return 10 * len(members)

    def _unpack(self, rows: Rows, whose: list[Member], code: Callable[[str, str], int]) -> int:
        """Unpack rows that hold the member's number where others hold their segments."""
        for key, change in rows.items():
            head, minute = key >> MINUTE_BITS, (key & MINUTE_MASK) - MINUTE_BIAS
            member, measure = whose[head >> MEASURE_BITS], NAMES.name(head & MEASURE_MASK)
            if self._wanted.measure(measure):
                self.rows.add(member, measure, minute, change, code(member[1], measure))
        return READ + 2 * len(rows)


def spans_of(customers: Iterable[Sequence[Interval]]) -> RowTable:
    """Changes of a level from the active times (ms) of many customers; for one, the same as `level_deltas`."""
    found = [(number, *span) for number, spans in enumerate(customers) for span in spans]
    whose, starts, ends = np.array(found, dtype=np.int64).reshape(-1, 3).T
    over = ends < FOREVER
    instants = np.concatenate([starts, ends[over]])
    minutes = np.clip(instants // MINUTE_MS, -LAST_MINUTE, LAST_MINUTE)  # see minute_of
    changes = np.repeat([1, -1], [len(starts), int(over.sum())]).astype(np.int64)
    return RowTable(np.concatenate([whose, whose[over]]), minutes, changes)


def _newest(times: "array[int]", start: int | None, end: int) -> int | None:
    """The newest of sorted minutes in a window; else the first one after it, which may lie in its last quarter hour, as
    segments are read; None: there is neither.
    """
    at = bisect_left(times, end)
    if at and (start is None or times[at - 1] >= start):
        return times[at - 1]
    return times[at] if at < len(times) else None
