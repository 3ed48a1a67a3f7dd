"""The engagement of a tenant's customers, kept up with every touch.

A touch of a customer that comes in order of time adds its points and moves the tiers of the newest event: that costs
the same in a long history as in a short one. Whatever else changes makes the customer's whole contribution again.
"""

from typing import TYPE_CHECKING, NamedTuple

from kpis import groups
from kpis.customers import active_intervals
from kpis.engagement import ORDER, Points, Tail, follow, points, tier_marks, weights
from kpis.ledger import Contribution
from kpis.marks import FOREVER, Mark
from kpis.touches import BOT

if TYPE_CHECKING:
    from kpis.tenant import Tenant

GROUP = "score"


class Whole(NamedTuple):
    """A customer's contribution, and the tail that later touches go on from."""

    marks: list[Mark]
    tail: Tail | None


class Scored:
    """The newest event of every customer, and the touches of a batch that are not in the numbers yet."""

    def __init__(self, tenant: "Tenant") -> None:
        self._tenant = tenant
        self._weights = weights(tenant.settings)
        self._tails: dict[str, Tail | None] = {}  # root -> None: no customer
        self._pending: dict[str, list[Points]] = {}

    def note(self, raw: str, time: int, kind: int) -> None:
        """A human touch is about to be kept."""
        weight = self._weights[kind]
        if not weight:
            return
        tenant = self._tenant
        root = tenant.people.subject(raw)
        if tenant.ledger.is_open(GROUP, root):
            return
        if root not in self._tails:
            self._tails[root] = self._whole(root).tail
        if self._tails[root] is not None:
            self._pending.setdefault(root, []).append((time, points(time, weight)))

    def close(self) -> None:
        """Put the batch's touches into the numbers, before the open groups are closed."""
        tenant = self._tenant
        tiers = tenant.settings.tiers
        for root in list(self._pending):
            tail = self._tails[root]
            if tail is None or min(self._pending[root])[0] <= tail.last:
                tenant.ledger.open(GROUP, root)
                continue
            marks, after = follow(tail, self._pending.pop(root), tiers)
            for mark in tier_marks(tail, FOREVER, tiers):
                self._add(root, mark, -1)
            for mark in (*marks, *tier_marks(after, FOREVER, tiers)):
                self._add(root, mark, 1)
            self._tails[root] = after

    def _add(self, root: str, mark: Mark, sign: int) -> None:
        self._tenant.ledger.mark(self._segments(root, mark), mark, sign)

    def _segments(self, root: str, mark: Mark) -> int:
        """Points fall in the customer's segments, tiers have none."""
        return self._tenant.people.segments(root) if mark.measure.startswith("points:") else 0

    def contribution(self, root: str) -> Contribution:
        """A customer's points and tiers as the numbers have them: without what is still pending."""
        if self._tenant.people.subject(root) != root:
            self._tails.pop(root, None)
            return
        whole = self._whole(root)
        self._tails[root] = whole.tail
        for mark in whole.marks:
            yield self._segments(root, mark), mark

    def _whole(self, root: str) -> Whole:
        tenant = self._tenant
        pending = self._pending.pop(root, ())
        customer = groups.customer_facts(tenant, root)
        active = active_intervals(customer, tenant.settings)
        if not active:
            return Whole([], None)
        facts = [*self._facts(root), *((at, points(at, self._order)) for at in customer.orders)]
        facts += [(at, -given) for at, given in pending]
        tiers = tenant.settings.tiers
        marks, tail = follow(Tail(active), facts, tiers)
        return Whole([*marks, *tier_marks(tail, FOREVER, tiers)], tail)

    @property
    def _order(self) -> int:
        return self._tenant.settings.weights.get(ORDER, 0)

    def _facts(self, root: str) -> list[Points]:
        people, found = self._tenant.people, []
        for raw in people.raws(root):
            for time, kind, flags, _ in people.touches.get(raw, ()):
                if not flags & BOT and self._weights[kind]:
                    found.append((time, points(time, self._weights[kind])))
        return found
