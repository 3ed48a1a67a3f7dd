"""Counts links that were set aside, as they would join two customers, users or leads."""

from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.tenant.tenant import Tenant


def of_identity_conflict(tenant: Tenant, key: str) -> Contribution:
    """A link that was set aside, at the time of its earliest event."""
    one, other = key.split("\0")
    if (stamp := tenant.people.identity.conflict((one, other))) is not None:
        yield 0, Delta("identity_conflicts", stamp[0], 1)
