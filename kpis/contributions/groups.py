"""What groups of facts contribute to the cells: pure functions of a tenant's facts, by kind of group."""

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any, Final

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta, level_deltas
from kpis.cells.ledger import MANY, Contribution, Parts, coded
from kpis.contributions.acquisition import LATE_TOUCHES, of_acquisition, of_late_touches
from kpis.contributions.click_conversions import of_click, of_hits
from kpis.contributions.credit import CREDIT, of_credit
from kpis.contributions.deals import deal_parts, of_deal
from kpis.contributions.forms import of_forms
from kpis.contributions.mrr import mrr_parts
from kpis.contributions.touches_to_close import of_closing, outbound
from kpis.facts.attribution import TOUCH_TYPES
from kpis.facts.costs import cost_deltas
from kpis.facts.crm_records import record_deltas
from kpis.facts.customers import customer_deltas, customer_since
from kpis.facts.emails import message_deltas
from kpis.facts.lead_response import response_deltas
from kpis.facts.leads import lead_deltas, read_lead
from kpis.facts.nps import answer_deltas
from kpis.facts.orders import order_deltas
from kpis.facts.outreach import TYPES
from kpis.facts.renewals import renewal_deltas
from kpis.facts.spending import spending_deltas
from kpis.facts.survey_scores import SCALE, scale_segment, score_deltas
from kpis.facts.tickets import ticket_deltas
from kpis.facts.touches import BY_CODE, LATE, LOGINS, SIGNED_IN
from kpis.tenant.customers import customer_facts
from kpis.tenant.fx_dependents import worth
from kpis.tenant.lead_groups import lead_events, lead_group, log_of
from kpis.tenant.purchases import revenue_facts
from kpis.tenant.readings import chain_of
from kpis.tenant.tenant import Tenant

# Late touches that count in the segments of their subject, too.
TOUCHES_OF_SUBJECTS: Final = frozenset(
    code for code, kind in enumerate(BY_CODE) if kind.type.partition(":")[0] in (*TOUCH_TYPES, *TYPES)
)
# Measures of customers that are read by segment; pairs of states (churn, retention) have no segments.
SEGMENTED_CUSTOMERS: Final = frozenset({"new_customers", "active", "lost@month", "reactivations"})


def of_order(tenant: Tenant, key: str) -> Contribution:
    """An order, in the segments of its subject."""
    for segments, deltas in order_parts(tenant, key).values():
        yield from coded(segments, deltas)


def order_parts(tenant: Tenant, key: str) -> Parts:
    """An order as such, and its refunds."""
    chain = chain_of(tenant, key)
    order = chain.order(tenant.settings)
    if order is None:
        return {}
    segments = tenant.people.segments(tenant.people.subject(f"order:{key}"))
    own = [*order_deltas(order, tenant.zone), *chain.cancellation()]
    return {"own": (segments, own), "refunds": (segments, list(chain.refunds))}


def of_lead(tenant: Tenant, key: str) -> Contribution:
    """A lead, in the segments of its subject; of merged ones only the first."""
    for segments, deltas in lead_parts(tenant, key).values():
        yield from coded(segments, deltas)


def lead_parts(tenant: Tenant, key: str) -> Parts:
    """What was tried, and what a lead is."""
    tried: Parts = {"tried": (0, list(log_of(tenant, key).attempts))}
    lead = read_lead(lead_events(tenant, key)) if lead_group(tenant, key) == key else None
    if lead is None:
        return tried
    segments = tenant.people.segments(tenant.people.subject(key))
    answered = response_deltas(lead, outbound(tenant, key), tenant.settings, tenant.zone)
    return {**tried, "own": (segments, [*lead_deltas(lead), *answered])}


def of_message(tenant: Tenant, key: str) -> Contribution:
    """A message, each part in the segments of the event that decides it."""
    return message_deltas(tenant.messages[key], tenant.sets.sets) if key in tenant.messages else ()


def of_customer(tenant: Tenant, root: str) -> Contribution:
    """A subject as a customer; nothing for a name that is no subject any more."""
    if tenant.people.subject(root) != root:
        return
    segments = tenant.people.segments(root)
    facts = customer_facts(tenant, root)
    for delta in customer_deltas(facts, tenant.settings, tenant.zone):
        yield (segments if delta.measure in SEGMENTED_CUSTOMERS else 0), delta
    for delta in spending_deltas(facts, revenue_facts(tenant, root), tenant.settings, tenant.zone):
        yield segments, delta


def of_way(tenant: Tenant, root: str) -> Contribution:
    """How a subject became a customer."""
    return of_acquisition(tenant, root, customer_since(customer_facts(tenant, root)))


def of_mrr(tenant: Tenant, root: str) -> Contribution:
    """What a subject's subscriptions cost, together; nothing for a name that is no subject any more."""
    if tenant.people.subject(root) != root:
        tenant.recurring.pop(root, None)
        return
    segments = tenant.people.segments(root)
    for deltas in mrr_parts(tenant, root).values():
        yield from ((segments, delta) for delta in deltas)


def many_mrr(tenant: Tenant, root: str) -> Parts | None:
    """The same in parts, of a subject whose subscriptions have many events."""
    keys = tenant.people.owned_by(root, "subscription")
    if tenant.people.subject(root) != root or all(len(tenant.subscriptions.get(key, ())) <= MANY for key in keys):
        return None
    segments = tenant.people.segments(root)
    return {name: (segments, deltas) for name, deltas in mrr_parts(tenant, root).items()}


def of_contract(tenant: Tenant, key: str) -> Contribution:
    """A contract's renewals, in the segments of its subject."""
    events = tenant.contracts.get(key)
    if events:
        segments = tenant.people.segments(tenant.people.subject(f"contract:{key}"))
        for delta in renewal_deltas(events, tenant.zone, worth(tenant)):
            yield segments, delta


def of_person(tenant: Tenant, key: str) -> Contribution:
    """A person's sign-up and survey answers."""
    people = tenant.people
    if people.person(key) != key:
        return
    raws = people.own_raws(key)
    segments = people.segments(key)
    signed_up = [tenant.signups[raw] for raw in raws if raw in tenant.signups]
    if signed_up:
        yield segments, Delta("signups", min(signed_up), 1)
        signed_in = min((tenant.signins[raw] for raw in raws if raw in tenant.signins), default=FOREVER)
        for delta in level_deltas("never_in", [(min(signed_up), max(min(signed_up), signed_in))]):
            yield segments, delta
    answers = [answer for raw in raws for answer in tenant.answers.get(raw, ())]
    for delta in answer_deltas(answers, tenant.settings, tenant.zone):
        yield segments, delta
    for raw in raws:
        for score in tenant.scores.get(raw, ()):
            on_scale = tenant.with_segment(segments, scale_segment(score[SCALE]))
            for delta in score_deltas(score):
                yield on_scale, delta


def of_landing(tenant: Tenant, key: str) -> Contribution:
    """A person's views of landing pages that were converted."""
    if tenant.people.person(key) == key:
        for delta in tenant.landings.deltas(key):
            yield tenant.sets.everything, delta
    else:
        tenant.landings.converted.pop(key, None)


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


def of_late(tenant: Tenant, key: str) -> Contribution:
    """A day of late events that are no touches."""
    for event in tenant.late.get(key, ()):
        yield from late_deltas(tenant, key.rpartition("\0")[0], event)


def late_deltas(tenant: Tenant, raw: str, event: list[Any]) -> Contribution:
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


def of_late_views(tenant: Tenant, raw: str) -> Contribution:
    """Late touches fall in the subject's segments."""
    segments = tenant.people.segments(tenant.people.subject(raw))
    for time, kind, flags, _ in tenant.people.touches.get(raw, ()):
        if flags & LATE and kind in TOUCHES_OF_SUBJECTS:
            yield segments, Delta(f"late.s:{BY_CODE[kind].type}", time, 1)


def of_logins(tenant: Tenant, raw: str) -> Contribution:
    """A user's sign-ins, in the segments of its subject."""
    segments = tenant.people.segments(tenant.people.person(raw))
    for time, kind, _, _ in tenant.people.touches.get(raw, ()):
        if kind in LOGINS:
            yield segments, Delta("logins", time, 1)


def of_score(tenant: Tenant, root: str) -> Contribution:
    """A customer's engagement."""
    return tenant.engagement.contribution(root)


GROUPS: Final[dict[str, Callable[[Tenant, str], Contribution]]] = {
    "deal": of_deal,
    "order": of_order,
    "lead": of_lead,
    "message": of_message,
    "customer": of_customer,
    "score": of_score,
    "acquisition": of_way,
    LATE_TOUCHES: of_late_touches,
    CREDIT: of_credit,
    "mrr": of_mrr,
    "contract": of_contract,
    "person": of_person,
    "landing": of_landing,
    "closing": of_closing,
    "late": of_late,
    "logins": of_logins,
    "record": of_record,
    "ticket": of_ticket,
    "late_views": of_late_views,
    "cost": of_cost,
    "click": of_click,
    "hits": of_hits,
    "forms": of_forms,
}


def if_many(
    facts: Callable[[Tenant], dict[str, list[Any]]],
    parts: Callable[[Tenant, str], Parts],
    tenant: Tenant,
    key: str,
) -> Parts | None:
    """The parts of a group of many facts."""
    return parts(tenant, key) if len(facts(tenant).get(key, ())) > MANY else None


# Groups of which only what differs is moved where their facts are many. No closures: a tenant that sleeps is pickled.
PARTS: Final[dict[str, Callable[[Tenant, str], Parts | None]]] = {
    "deal": partial(if_many, attrgetter("deals"), deal_parts),
    "order": partial(if_many, attrgetter("orders"), order_parts),
    "lead": partial(if_many, attrgetter("leads"), lead_parts),
    "mrr": many_mrr,
}
