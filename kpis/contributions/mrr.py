"""The contribution of a subject's subscriptions taken together, and of a contract's renewals."""

from kpis.cells.deltas import Delta
from kpis.cells.ledger import MANY, Contribution, Parts
from kpis.facts.mrr import Recurring, read_plans
from kpis.facts.renewals import renewal_deltas
from kpis.tenant.facts import TenantFacts
from kpis.tenant.fx_dependents import worth
from kpis.tenant.readings import prices_of


def mrr_parts(tenant: TenantFacts, root: str) -> dict[str, list[Delta]]:
    """The deltas of a subject's subscriptions, in parts by name."""
    keys = list(tenant.people.owned_by(root, "subscription"))
    plans = read_plans(((key, prices_of(tenant, key)) for key in keys), tenant.zone)
    home, version = tenant.settings.currency, tenant.rates.version
    if sum(len(plan.steps) for plan in plans.values()) <= MANY:
        return Recurring(home, worth(tenant), tenant.zone).go_on(plans).parts()
    held = tenant.recurring.get(root)
    if held is None or held.version != version:
        held = tenant.recurring[root] = Recurring(home, worth(tenant), tenant.zone, version)
    return held.go_on(plans).parts()


def of_mrr(tenant: TenantFacts, root: str) -> Contribution:
    """A subject's MRR; empty if ``root`` is no longer a subject."""
    if tenant.people.subject(root) != root:
        tenant.recurring.pop(root, None)
        return
    segments = tenant.people.segments(root)
    for deltas in mrr_parts(tenant, root).values():
        yield from ((segments, delta) for delta in deltas)


def many_mrr(tenant: TenantFacts, root: str) -> Parts | None:
    """The same in parts; None unless a subscription of the subject has many events."""
    keys = tenant.people.owned_by(root, "subscription")
    if tenant.people.subject(root) != root or all(len(tenant.subscriptions.get(key, ())) <= MANY for key in keys):
        return None
    segments = tenant.people.segments(root)
    return {name: (segments, deltas) for name, deltas in mrr_parts(tenant, root).items()}


def of_contract(tenant: TenantFacts, key: str) -> Contribution:
    """A contract's renewals, in the segments of its subject."""
    events = tenant.contracts.get(key)
    if events:
        segments = tenant.people.segments(tenant.people.subject(f"contract:{key}"))
        for delta in renewal_deltas(events, tenant.zone, worth(tenant)):
            yield segments, delta
