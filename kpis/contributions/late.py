"""The contribution of late events that are not touches."""

from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.facts.late import LateEvent
from kpis.facts.touches import SIGNED_IN
from kpis.tenant.facts import TenantFacts


def of_late(tenant: TenantFacts, key: str) -> Contribution:
    """A UTC day of an id's late events that are not touches."""
    for event in tenant.late.get(key, ()):
        yield from late_deltas(tenant, key.rpartition("\0")[0], event)


def late_deltas(tenant: TenantFacts, raw: str, event: LateEvent) -> Contribution:
    """A late event of an id, in its subject's segments; a sign-in in those of its person."""
    time, label, scale, own = event
    owner_of = tenant.people.person if label == SIGNED_IN else tenant.people.subject
    segments = tenant.people.segments(owner_of(raw))
    yield 0, Delta(f"late:{label}", time, 1)
    yield segments, Delta(f"late.s:{label}", time, 1)
    if scale is not None:
        yield tenant.with_segment(segments, scale), Delta(f"late.v:{label}", time, 1)
    if own is not None:
        yield tenant.sets.code(tenant.fitted(own)), Delta(f"late.t:{label}", time, 1)
