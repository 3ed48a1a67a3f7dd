"""Describes a member beside its numbers: its subject, time, amount and state."""

from collections.abc import Callable
from typing import Any, Final

from kpis.calendar.windows import MINUTE_MS
from kpis.facts.emails import BOUNCED, CLICKED, COMPLAINED, DELIVERED, OPENED, SENT, UNSUBSCRIBED
from kpis.facts.leads import read_lead
from kpis.facts.survey_scores import BETWEEN, text_of
from kpis.identity.ids import CONTACT, NODE_SPACES, WITHIN
from kpis.query.rows import Member
from kpis.query.words import money, plain, time_of, touch_text, without_empty
from kpis.state.tenant_state import TenantState
from kpis.tenant.lead_groups import lead_events, lead_group
from kpis.tenant.readings import chain_of, deal_of
from kpis.tenant.tenant import Tenant

Description = dict[str, Any]
MESSAGE: Final = {
    COMPLAINED: "complained", UNSUBSCRIBED: "unsubscribed", CLICKED: "clicked", OPENED: "opened", BOUNCED: "bounced",
    DELIVERED: "delivered", SENT: "sent",
}  # fmt: skip


def described(state: TenantState, member: Member, minute: int | None) -> Description:
    """A member as users know it. ``minute``: when it counted, where the facts have no better time."""
    kind, key = member
    tenant = state.tenant
    found: Description = {"kind": kind, "id": plain(key.rpartition("\0")[2] or key)}
    found |= {} if minute is None else time_of(minute * MINUTE_MS)
    found |= DESCRIBERS[kind](tenant, key)
    return without_empty(found)


def subject_fields(tenant: Tenant, raw: str) -> Description:
    """The subject of an id or object, with its owner and source; empty for an object without a subject."""
    root = tenant.people.subject(raw)
    if not root.startswith((*NODE_SPACES, CONTACT, WITHIN)):
        return {}
    traits = tenant.people.traits.values(root)
    return {"subject": root, "owner": traits.get("owner"), "source": traits.get("source")}


def _deal(tenant: Tenant, key: str) -> Description:
    deal = deal_of(tenant, key)
    stage = deal.stages[-1][1] if deal.stages else None
    at = deal.closed if deal.closed is not None else deal.created
    own = {"owner": deal.attributes.get("owner_id"), "source": deal.attributes.get("source")}
    found = {**subject_fields(tenant, f"deal:{key}"), **without_empty(own), "state": deal.state, "stage": stage}
    return {"id": key, **found, **time_of(at), **money(deal.amount, deal.currency)}


def _order(tenant: Tenant, key: str) -> Description:
    order = chain_of(tenant, key).order(tenant.settings)
    found = {"id": key, **subject_fields(tenant, f"order:{key}")}
    if order is None:
        return found
    return {**found, **time_of(order.time), **money(order.net, order.currency)}


def _contract(tenant: Tenant, key: str) -> Description:
    return {"id": key, **subject_fields(tenant, f"contract:{key}")}


def _lead(tenant: Tenant, key: str) -> Description:
    lead = read_lead(lead_events(tenant, lead_group(tenant, key)))
    if lead is None:
        return {"id": key, **subject_fields(tenant, key)}
    state = "opportunity" if lead.opportunity is not None else "open"
    return {"id": key, **subject_fields(tenant, key), "state": state, **time_of(lead.created)}


def _ticket(tenant: Tenant, key: str) -> Description:
    resolved = any(event.kind == "resolved" for event in tenant.tickets.get(key, ()))
    return {"id": key.partition(":")[2], **subject_fields(tenant, key), "state": "resolved" if resolved else "open"}


def _record(tenant: Tenant, key: str) -> Description:
    thing, _, object_ = key.partition("\0")
    return {"id": thing.partition(":")[2], "title": object_, **subject_fields(tenant, thing)}


def _message(tenant: Tenant, key: str) -> Description:
    message, name = tenant.messages[key], key.partition("\0")[0]
    state = next((word for slot, word in MESSAGE.items() if slot in message.filled), None)
    return {"id": plain(name), **subject_fields(tenant, f"message:{name}"), "state": state}


def _click(tenant: Tenant, key: str) -> Description:
    click = tenant.click_facts[key]
    return {**subject_fields(tenant, click.raw), **time_of(click.time)}


def _form(tenant: Tenant, key: str) -> Description:
    person, form, _ = key.split("\0", 2)
    return {"id": form, "title": form, **subject_fields(tenant, person)}


def _cost(tenant: Tenant, key: str) -> Description:
    cost = max(tenant.costs[key], key=lambda event: event.stamp)
    data = cost.data
    title = " · ".join(text for text in (data.get("category"), data.get("channel"), data.get("campaign")) if text)
    return {"id": key, "title": title, **money(data.get("amount"), data.get("currency"))}


def _answer(tenant: Tenant, key: str) -> Description:
    raw, _, place = key.rpartition("\0")
    answer = tenant.answers[raw][int(place)]
    title = f"{answer.score} on {answer.scale or '0-10'}"
    return {"id": answer.id, "title": title, **subject_fields(tenant, raw), **time_of(answer.time)}


def _score(tenant: Tenant, key: str) -> Description:
    raw, _, place = key.rpartition("\0")
    score = tenant.scores[raw][int(place)]
    title = f"{text_of(score.score)} on {score.scale.replace(BETWEEN, '-')}"
    return {"kind": "answer", "id": score.id, "title": title, **subject_fields(tenant, raw), **time_of(score.time)}


def _touch(tenant: Tenant, key: str) -> Description:
    raw, _, place = key.rpartition("\0")
    touches = tenant.people.touches[raw]
    time, kind, _, _ = next(touches.at([int(place)]))
    title = touch_text(kind, touches.pages[int(place)])
    return {"id": f"{plain(raw)}/{place}", "title": title, **subject_fields(tenant, raw), **time_of(time)}


def _subject(tenant: Tenant, key: str) -> Description:
    return {"id": key, **subject_fields(tenant, key)}


DESCRIBERS: Final[dict[str, Callable[[Tenant, str], Description]]] = {
    "deal": _deal, "order": _order, "contract": _contract, "lead": _lead, "ticket": _ticket, "record": _record,
    "message": _message, "click": _click, "form": _form, "cost": _cost, "answer": _answer, "score": _score,
    "touch": _touch, "customer": _subject, "person": _subject,
}  # fmt: skip
