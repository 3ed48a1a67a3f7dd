"""The contribution of groups of facts, by kind of group."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from kpis.cells.declared import DECLARED
from kpis.cells.ledger import Contribution, Parts
from kpis.cells.measures import Keeps
from kpis.contributions.acquisition import LATE_TOUCHES, of_late_touches
from kpis.contributions.click_conversions import of_hits
from kpis.contributions.credit import CREDIT, of_credit
from kpis.contributions.customers import of_customer, of_way
from kpis.contributions.forms import of_forms
from kpis.contributions.identity_conflicts import of_identity_conflict
from kpis.contributions.mrr import many_mrr, of_mrr
from kpis.contributions.persons import of_landing, of_person
from kpis.contributions.touches import of_late_views, of_logins
from kpis.contributions.touches_to_close import of_closing
from kpis.facts.costs import cost_deltas
from kpis.facts.crm_records import record_deltas
from kpis.facts.emails import message_deltas
from kpis.facts.tickets import ticket_deltas
from kpis.tenant.retractions import IDENTITY_CONFLICT
from kpis.tenant.spend_table import SPENDERS
from kpis.tenant.tenant import Tenant


def of_message(tenant: Tenant, key: str) -> Contribution:
    """A message, each delta in the segments of the event that determines it."""
    return message_deltas(tenant.messages[key], tenant.sets.sets) if key in tenant.messages else ()


def of_cost(tenant: Tenant, key: str) -> Contribution:
    """A cost, in the segments of its channel and campaign."""
    if key in tenant.costs:
        for segments, delta in cost_deltas(tenant.costs[key], tenant.zone):
            yield tenant.sets.code(segments), delta


def of_record(tenant: Tenant, key: str) -> Contribution:
    """A record, in the segments of its subject."""
    segments = tenant.people.segments(tenant.people.subject(key.partition("\0")[0]))
    for delta in record_deltas(tenant.records.get(key, [])):
        yield segments, delta


def of_ticket(tenant: Tenant, key: str) -> Contribution:
    """A ticket, in the segments of its subject."""
    segments = tenant.people.segments(tenant.people.subject(key))
    for delta in ticket_deltas(tenant.tickets.get(key, [])):
        yield segments, delta


def of_score(tenant: Tenant, root: str) -> Contribution:
    """A customer's engagement."""
    return tenant.engagement.contribution(root)


# Groups that read several kinds of facts. A group of a single kind of fact is in its row of kpis.intake.kinds.
JOINT_GROUPS: Final[dict[str, Callable[[Tenant, str], Contribution]]] = {
    "customer": of_customer,
    "score": of_score,
    "acquisition": of_way,
    LATE_TOUCHES: of_late_touches,
    CREDIT: of_credit,
    "mrr": of_mrr,
    "person": of_person,
    "landing": of_landing,
    "closing": of_closing,
    "logins": of_logins,
    "late_views": of_late_views,
    "hits": of_hits,
    "forms": of_forms,
    IDENTITY_CONFLICT: of_identity_conflict,
}
# Those that, with many facts, emit only what differs.
JOINT_PARTS: Final[dict[str, Callable[[Tenant, str], Parts | None]]] = {"mrr": many_mrr}
# Groups that also have side effects -> the groups that need these.
BESIDE: Final = {"acquisition": ("credit", LATE_TOUCHES)}  # for the subject's horizon
TABLES: Final = {"customer": SPENDERS}


@lru_cache(maxsize=1024)
def wanted(keeps: Keeps) -> frozenset[str]:
    """The kinds of groups that are needed for the measures kept."""
    found = {group for one in DECLARED if keeps.wants(one.name) for group in one.groups}
    found |= {kind for kind, others in BESIDE.items() if not found.isdisjoint(others)}
    found |= {kind for kind, table in TABLES.items() if keeps.wants(table)}
    return frozenset(found)
