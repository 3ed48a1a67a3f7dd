"""The forms of a subject's persons, and whether they were submitted."""

from collections.abc import Iterator
from typing import Final

from kpis.calendar.windows import MINUTE_MS
from kpis.cells.deltas import Delta, ceil_quarter, level_deltas
from kpis.cells.ledger import Contribution
from kpis.facts.forms import Form
from kpis.tenant.tenant import Tenant

FILL_IN_MS: Final = 30 * MINUTE_MS


def of_forms(tenant: Tenant, root: str) -> Contribution:
    """The forms of a subject's persons, in its segments."""
    people = tenant.people
    if people.subject(root) != root:
        return
    for form in tenant.forms.of(root):
        yield from ((people.segments(root), delta) for delta in form_deltas(form))


def form_deltas(form: Form) -> Iterator[Delta]:
    """The deltas of a form; none while its start is unknown."""
    if form.start is None:
        return
    counts = ceil_quarter(form.start + FILL_IN_MS)
    yield Delta("forms", counts, 1)
    yield Delta("forms.dropped", counts, 0 if form.sent else 1)
    yield from level_deltas("forms.open", [(form.start, counts)])
