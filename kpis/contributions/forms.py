"""Forms of a subject's persons, and whether they were sent."""

from typing import Final

from kpis.calendar.windows import MINUTE_MS
from kpis.cells.deltas import Delta, ceil_quarter, level_deltas
from kpis.cells.ledger import Contribution
from kpis.tenant.tenant import Tenant

FILL_IN_MS: Final = 30 * MINUTE_MS


def of_forms(tenant: Tenant, root: str) -> Contribution:
    """The forms of a subject's persons, in its segments."""
    people = tenant.people
    if people.subject(root) != root:
        return
    for form in tenant.forms.of(root):
        if form.start is None:
            continue
        counts, segments = ceil_quarter(form.start + FILL_IN_MS), people.segments(root)
        yield segments, Delta("forms", counts, 1)
        yield segments, Delta("forms.dropped", counts, 0 if form.sent else 1)
        for delta in level_deltas("forms.open", [(form.start, counts)]):
            yield segments, delta
