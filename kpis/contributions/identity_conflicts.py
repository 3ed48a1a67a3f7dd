"""Links by which two customers, users or leads would be one: they stand aside, and are counted."""

from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.tenant.tenant import Tenant


def of_identity_conflict(tenant: Tenant, key: str) -> Contribution:
    """A link that stands aside, at the time of the earliest event that said so."""
    one, other = key.split("\0")
    if (stamp := tenant.people.identity.conflict((one, other))) is not None:
        yield 0, Delta("identity_conflicts", stamp[0], 1)
