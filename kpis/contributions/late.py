"""What late events add to the numbers that are no touches."""

from typing import Any

from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.facts.touches import SIGNED_IN
from kpis.tenant.facts import TenantFacts


def of_late(tenant: TenantFacts, key: str) -> Contribution:
    """A day of late events that are no touches."""
    for event in tenant.late.get(key, ()):
        yield from late_deltas(tenant, key.rpartition("\0")[0], event)


def late_deltas(tenant: TenantFacts, raw: str, event: list[Any]) -> Contribution:
    """One of them, of an id: in the segments of its subject, of a sign-in in those that the sign-in counts in."""
    time, label, *more = event
    whose = tenant.people.person if label == SIGNED_IN else tenant.people.subject
    segments = tenant.people.segments(whose(raw))
    yield 0, Delta(f"late:{label}", time, 1)
    yield segments, Delta(f"late.s:{label}", time, 1)
    for one in more:
        if isinstance(one, str):  # a scale, beside the subject's segments
            yield tenant.with_segment(segments, one), Delta(f"late.v:{label}", time, 1)
        else:  # a conversion's own segments
            yield tenant.sets.code(tenant.fitted(tuple(one))), Delta(f"late.t:{label}", time, 1)
