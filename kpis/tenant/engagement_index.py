"""The engagement of a tenant's customers, updated with every touch.

A new touch changes only what follows it, and a purchase only the points that a longer active time affects. So a touch
in order of time costs the same whatever the length of the history. A change of links, segments or contracts recomputes
the customer's whole contribution.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import DAY_MS, Delta, in_common
from kpis.cells.ledger import Contribution
from kpis.facts.customers import Customer
from kpis.facts.engagement import (
    ORDER,
    REACH_MS,
    Points,
    Tail,
    differ_from,
    follow,
    point_deltas,
    points,
    summed,
    weights,
)
from kpis.facts.touches import BOT
from kpis.tenant.customer_index import CustomerIndex
from kpis.tenant.facts import TenantFacts

GROUP: Final = "score"
NEAR: Final = 12  # instants after the nearer of the two bases
FAR_MS: Final = 45_000  # ms from the further base to the newest event: late touches are seldom older


class Whole(NamedTuple):
    """A customer's contribution, and the tail from which later touches continue."""

    deltas: list[Delta]
    tail: Tail | None


class Bases(NamedTuple):
    """Two tails from before a customer's newest events."""

    far: Tail
    near: Tail


NO_BASES: Final = Bases(Tail(()), Tail(()))
UNREAD: Final = Tail(())  # not yet known whether the subject is a customer


class EngagementIndex:
    """The newest event of every customer, and the batch's touches and purchases that are not counted yet."""

    def __init__(self, tenant: TenantFacts, customers: CustomerIndex) -> None:
        self._tenant = tenant
        self._customers = customers
        self._weights = weights(tenant.settings)
        self._tails: dict[str, Tail | None] = {}  # subject id -> its tail; None: not a customer
        self._bases: dict[str, Bases] = {}  # subject id -> earlier tails, for touches out of order
        self._days: dict[str, Counter[int]] = {}  # subject id -> points by UTC day, for those that have bought
        self._pending: dict[str, list[Points]] = {}
        self._before: dict[str, Customer] = {}  # subject id -> as counted, if its purchases have changed since

    def drop(self, root: str) -> None:
        """Forget a subject, after it was retracted."""
        for known in (self._tails, self._bases, self._days, self._pending, self._before):
            known.pop(root, None)

    def note(self, raw: str, time: int, kind: int) -> None:
        """Note a human touch that is about to be stored. ``time``: ms."""
        weight, tenant = self._weights[kind], self._tenant
        if not weight or GROUP in tenant.ledger.unwanted:
            return
        root = tenant.people.subject(raw)
        tail = self._tails.get(root, UNREAD)
        if tail is None or tenant.ledger.is_open(GROUP, root):
            return
        if tail is UNREAD:
            tail = self._tails[root] = self._whole(root).tail
        if tail is not None:
            self._pending.setdefault(root, []).append((time, points(time, weight)))

    def note_purchases(self, root: str) -> None:
        """Note that a subject's purchases are about to change."""
        if root not in self._before and not self._tenant.ledger.is_open(GROUP, root):
            self._before[root] = self._customers.counted(root).customer

    def close(self) -> None:
        """Emit the deltas of the batch's touches and purchases, before the ledger re-emits retracted groups."""
        for root in [*self._before, *(root for root in self._pending if root not in self._before)]:
            if not self._go_on(root):
                self._tenant.ledger.open(GROUP, root)

    def _go_on(self, root: str) -> bool:
        """Emit only what a customer's new touches and purchases change; False if it was or is not a customer."""
        tail = self._tails.get(root)
        now = self._customers.now(root).customer if root in self._before else None
        if tail is None or (now is not None and not now.active):
            return False
        active = tail.active if now is None else now.active
        added = self._added(root, now)
        change = differ_from(tail.active, active)
        start = min([change, *(at for at, _ in added)])
        back = start <= tail.last
        base = self._base(root, start) if back else tail
        counted = summed(self._known(root, base.last + 1)) if back else []
        old = self._old(root, change, tail.last)
        self._pending.pop(root, None)
        self._before.pop(root, None)
        self._add(root, point_deltas(old, tail.active, active))
        self._add(root, point_deltas(added, (), active))
        for at, given in added if root in self._days else ():
            self._days[root][at // DAY_MS] += given
        at, tiers = bisect_left(counted, (start,)), self._tenant.settings.tiers
        before = base._replace(active=tail.active)
        if at:
            before = follow(before, counted[:at], ())[1]
        self._add(root, follow(before, counted[at:], tiers)[0], -1)
        later = summed((*counted[at:], *added))
        deltas, self._tails[root] = follow(before._replace(active=active), later, tiers)
        self._add(root, deltas)
        if back:
            self._note_bases(root, base, [*counted[:at], *later])
        return True

    def _old(self, root: str, change: int, last: int) -> list[Points]:
        """The points that a change of active times at ``change`` (ms) can affect.

        After the last event, the points of a UTC day enter or leave together, so they are summed by day.
        """
        if change == FOREVER:
            return []
        if change <= last:
            return self._known(root, change - REACH_MS - DAY_MS)
        days = self._days.get(root)
        if days is None:
            days = self._days[root] = Counter()
            for at, given in self._known(root):
                days[at // DAY_MS] += given
        return [(day * DAY_MS, given) for day, given in days.items()]

    def _base(self, root: str, start: int) -> Tail:
        """The latest known tail of a customer before an instant (ms)."""
        far, near = self._bases.get(root, NO_BASES)
        return near if near.last < start else far if far.last < start else NO_BASES.far

    def _note_bases(self, root: str, base: Tail, known: list[Points]) -> None:
        """Keep tails from before the newest points; those after ``base`` have changed."""
        far, near = self._bases.get(root, NO_BASES)
        near_at = max(0, len(known) - NEAR)
        far_at = bisect_left(known, (known[-1][0] - FAR_MS,), 0, near_at) if near_at else 0
        if far_at:
            far = base = follow(base, known[:far_at], ())[1]
        elif far.last > base.last:
            far = base
        if near_at:
            near = follow(base, known[far_at:near_at], ())[1]
        elif near.last > base.last:
            near = base
        self._bases[root] = Bases(far, near)

    def _added(self, root: str, now: Customer | None) -> list[Points]:
        """The points of a batch's touches and orders, negative for orders that no longer count."""
        if now is None:
            return self._pending.get(root, [])
        before = self._before[root].orders
        same = in_common(before, now.orders)
        orders = Counter(now.orders[same:])
        orders.subtract(before[same:])
        bought = ((at, number * points(at, self._order)) for at, number in orders.items() if number)
        return [*self._pending.get(root, ()), *bought]

    def _add(self, root: str, deltas: Iterable[Delta], sign: int = 1) -> None:
        self._tenant.ledger.move(self._with_segments(root, deltas), sign)

    def _with_segments(self, root: str, deltas: Iterable[Delta]) -> Contribution:
        """Points with the customer's segments; tiers have none."""
        segments = self._tenant.people.segments(root)
        return ((segments if delta[0].startswith("points:") else 0, delta) for delta in deltas)

    def contribution(self, root: str) -> Contribution:
        """A customer's points and tiers as currently counted, without pending touches."""
        if self._tenant.people.subject(root) != root:
            self._tails.pop(root, None)
            self._forget(root)
            return
        whole = self._whole(root)
        self._tails[root] = whole.tail
        self._before.pop(root, None)
        yield from self._with_segments(root, whole.deltas)

    def adds(self, root: str, customer: Customer) -> Contribution:
        """The same between batches, for a subject that is this customer; changes no state."""
        active = customer.active
        if active:
            facts = [*self._facts(root), *((at, points(at, self._order)) for at in customer.orders)]
            tiers, _ = follow(Tail(active), summed(facts), self._tenant.settings.tiers)
            yield from self._with_segments(root, [*tiers, *point_deltas(facts, (), active)])

    def _whole(self, root: str) -> Whole:
        held = self._before.get(root)
        active = (self._customers.now(root).customer if held is None else held).active
        facts = self._known(root) if active else []
        self._pending.pop(root, None)
        self._forget(root)
        if not active:
            return Whole([], None)
        deltas, tail = follow(Tail(active), summed(facts), self._tenant.settings.tiers)
        return Whole([*point_deltas(facts, (), active), *deltas], tail)

    def _forget(self, root: str) -> None:
        self._bases.pop(root, None)
        self._days.pop(root, None)

    def _known(self, root: str, since: int = -FOREVER) -> list[Points]:
        """A subject's points from an instant (ms) on, as currently counted."""
        found = self._facts(root, since)
        found += [(at, points(at, self._order)) for at in self._orders(root) if at >= since]
        return found + [(at, -given) for at, given in self._pending.get(root, ()) if at >= since]

    def _orders(self, root: str) -> Sequence[int]:
        """The instants (ms) of a subject's orders, as currently counted."""
        held = self._before.get(root)
        return (self._customers.now(root).customer if held is None else held).orders

    @property
    def _order(self) -> int:
        return self._tenant.settings.weights.get(ORDER, 0)

    def _facts(self, root: str, since: int = -FOREVER) -> list[Points]:
        people, given = self._tenant.people, self._weights
        held = (people.touches[raw] for raw in people.raws(root) if raw in people.touches)
        return [
            (time, points(time, given[kind]))
            for touches in held
            for time, kind, flags in touches.since(since)
            if not flags & BOT and given[kind]
        ]
