"""What a subject's conversions say of its clicks."""

from typing import TYPE_CHECKING

from kpis.cells.ledger import Contribution
from kpis.clicks import clicks_hit

if TYPE_CHECKING:
    from kpis.tenant import Tenant


def of_hits(tenant: "Tenant", root: str) -> Contribution:
    """What became of a subject's clicks; nothing for a name that is no subject any more."""
    people, conversions = tenant.people, tenant.conversions
    if people.subject(root) != root or not conversions.facts:
        return
    times = conversions.of(root)
    if times or conversions.by_click:
        yield from clicks_hit(tenant, people.raws(root), times)
