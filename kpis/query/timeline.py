"""Everything known of one subject, newest first, in plain words."""

from collections.abc import Iterator
from heapq import nlargest
from operator import itemgetter
from typing import Any, Final

from kpis.facts.deals import DealEvent, stage_named
from kpis.facts.emails import BOUNCED, COMPLAINED, DELIVERED, SENT, UNSUBSCRIBED
from kpis.facts.outreach import CONTACTED
from kpis.facts.survey_scores import BETWEEN, text_of
from kpis.facts.touches import BOT, BY_CODE, CODES
from kpis.identity.ids import NODE_SPACES
from kpis.publish.instants import instant_text
from kpis.query.describe import Description
from kpis.query.question import Refused
from kpis.query.words import TEXTS, money, phrase, plain, touch_phrase, without_empty
from kpis.state.tenant_state import TenantState
from kpis.tenant.tenant import Tenant

MOST: Final = 500
OBJECTS: Final = ("deal:", "order:", "subscription:", "contract:", "ticket:", "contact:")
Fact = tuple[int, Description]  # ms, description
# Taken from the message, once each; opens and clicks may repeat, so they are taken from the touches.
MAILED: Final = {
    SENT: "sent", DELIVERED: "delivered", BOUNCED: "bounced", UNSUBSCRIBED: "unsubscribed", COMPLAINED: "complained"
}  # fmt: skip
BY_MESSAGE: Final = frozenset(
    CODES[f"email.{kind}"]
    for kind in ("sent", "delivered", "bounced", "complained", "unsubscribed", "rejected", "deferred")
)
# A sign-in that came with another id is kept there as well as with its user: that copy is skipped.
TWICE: Final = frozenset({CODES["login.told"]})
LEADS: Final = frozenset({"created", "qualified", "assigned", "converted", "unconverted", "disqualified"})


def timeline(state: TenantState, subject: Any, limit: Any = MOST) -> Description:
    """What is known of the subject of an id. Raises `Refused`; LookupError where nothing is known of it."""
    if not isinstance(subject, str) or not subject or not isinstance(limit, int) or not 0 < limit <= MOST:
        raise Refused(f"subject must be an id, and limit a whole number from 1 to {MOST}")
    tenant = state.tenant
    root = _root(tenant, subject)
    ids = sorted(tenant.people.identity.members(root))
    traits = {name: value for name, value in tenant.people.traits.values(root).items() if value not in (None, "")}
    facts = list(_facts(tenant, root))
    newest = nlargest(limit, facts, key=itemgetter(0))
    since = tenant.customer_index.now(root).customer.since
    return {
        "subject": root,
        "ids": ids,
        "traits": traits,
        "owner": traits.get("owner"),
        "since": None if since is None else instant_text(since),
        "facts": [without_empty({"time": instant_text(time), **fact}) for time, fact in newest],
        "more": len(facts) > len(newest),
    }


def _root(tenant: Tenant, given: str) -> str:
    """The subject of an id, given with or without the kind of id before it."""
    spelled = (given, *(space + given for space in (*NODE_SPACES, *OBJECTS)))
    for one in spelled:
        root = tenant.people.subject(one)
        if root.startswith(NODE_SPACES) and not _is_surrogate(root) and _known(tenant, root):
            return root
    raise LookupError(f"nothing is known of {given}")


def _is_surrogate(root: str) -> bool:
    """Whether an id is the surrogate of an erased one."""
    return root.partition(":")[2].startswith("erased-")


def _known(tenant: Tenant, root: str) -> bool:
    people = tenant.people
    return any(people.has_facts(raw) for raw in people.identity.members(root))


def _facts(tenant: Tenant, root: str) -> Iterator[Fact]:
    people = tenant.people
    raws = dict.fromkeys(people.raws(root))
    for raw in raws:
        yield from _touches(tenant, raw)
        yield from _facts_of_id(tenant, raw)
    for member in people.identity.members(root):
        for thing in people.owners.things(member):
            if thing.startswith("message:"):
                yield from _mails(tenant, thing.partition(":")[2])
    for key in people.owned_by(root, "deal"):
        yield from _deals(tenant, key)
    for key in people.owned_by(root, "order"):
        for event in tenant.orders.get(key, ()):
            paid = money(event.data.get("amount"), event.data.get("currency"))
            yield event.time, {"type": f"crm.order.{event.kind}", **phrase(f"order.{event.kind}"), "id": key, **paid}
    for key in people.owned_by(root, "subscription"):
        for plan in tenant.subscriptions.get(key, ()):
            fact = {"type": f"crm.subscription.{plan.kind}", **phrase(f"subscription.{plan.kind}"), "id": key}
            yield plan.effective, {**fact, **money(plan.mrr, plan.currency)}
    for key in people.owned_by(root, "contract"):
        for renewal in tenant.contracts.get(key, ()):
            paid = money(renewal.data.get("amount"), renewal.data.get("currency"))
            fact = {"type": f"crm.renewal.{renewal.kind}", **phrase(f"renewal.{renewal.kind}"), "id": key}
            yield renewal.time, {**fact, **paid}
    for key in people.owned_by(root, "ticket"):
        for ticket in tenant.tickets.get(key, ()):
            fact = {"type": f"crm.ticket.{ticket.kind}", **phrase(f"ticket.{ticket.kind}")}
            yield ticket.time, {**fact, "id": key.partition(":")[2]}


def _touches(tenant: Tenant, raw: str) -> Iterator[Fact]:
    """The activity under one id, without robots'."""
    touches = tenant.people.touches.get(raw)
    for (time, kind, flags, _), page in zip(touches, touches.pages, strict=True) if touches else ():
        if not flags & BOT and kind not in BY_MESSAGE and kind not in TWICE:
            one = BY_CODE[kind]
            type_ = one.type.partition(":")[0]
            yield time, {"type": type_, "channel": one.channel, **touch_phrase(kind, page), "id": plain(raw)}
    contacts = tenant.contacts.of.get(raw)
    for time, kind, _, deal in contacts or ():
        if kind == CONTACTED:
            yield time, {"type": "crm.lead.contacted", **phrase("lead.contacted"), "deal": deal, "id": raw}


def _facts_of_id(tenant: Tenant, raw: str) -> Iterator[Fact]:
    """Facts kept by id: leads, the CRM's events of the customer, answers, sign-ups, forms."""
    for lead in tenant.leads.get(raw, ()):
        if lead.kind in LEADS:
            fact = {"type": f"crm.lead.{lead.kind}", **phrase(f"lead.{lead.kind}")}
            yield lead.time, {**fact, "deal": lead.deal, "id": raw.partition(":")[2]}
    for event in tenant.customers.get(raw, ()):
        yield event.time, {"type": f"crm.customer.{event.kind}", **phrase(f"customer.{event.kind}"), "id": raw}
    for answer in tenant.answers.get(raw, ()):
        fact = phrase("survey.recommend", score=str(answer.score), scale=answer.scale or "0-10")
        yield answer.time, {"type": "crm.survey.answered", **fact, "id": answer.survey}
    for score in tenant.scores.get(raw, ()):
        about = "effort" if score.survey == "effort" else "satisfaction"
        fact = phrase(f"survey.{about}", score=text_of(score.score), scale=score.scale.replace(BETWEEN, "-"))
        yield score.time, {"type": "crm.survey.answered", **fact, "id": score.id}
    if raw in tenant.signups:
        yield tenant.signups[raw], {"type": "crm.user.signed_up", **phrase("user.signed_up"), "id": raw}
    for (_, form, _), found in tenant.forms.held(raw).items():
        if found.start is not None:
            fact = {"type": "crm.form.started", "channel": "form", **phrase("form.started")}
            yield found.start, {**fact, "id": form}


def _mails(tenant: Tenant, message: str) -> Iterator[Fact]:
    for key in tenant.message_keys(message):
        mail = tenant.messages[key]
        for slot, what in MAILED.items():
            if slot in mail.filled:
                fact = {"type": f"crm.email.{what}", "channel": "email", **phrase(f"email.{what}")}
                yield mail.times[slot], {**fact, "id": plain(message)}


def _deals(tenant: Tenant, key: str) -> Iterator[Fact]:
    for event in tenant.deals.get(key, ()):
        if (text := _deal_phrase(event)) is not None:
            fact = {"type": f"crm.deal.{event.kind}", **text, "deal": key, "id": key}
            at = event.data.get("closed_at", event.time) if event.kind in ("won", "lost") else event.time
            yield at, {**fact, **money(event.data.get("amount"), event.data.get("currency"))}


def _deal_phrase(event: DealEvent) -> Description | None:
    """The phrase for an event of a deal; None where only attributes changed."""
    stage = stage_named(event.data)
    match event.kind:
        case "created":
            return phrase("deal.created.stage", stage=stage) if stage else phrase("deal.created")
        case "stage_changed":
            return phrase("deal.moved", stage=stage) if stage else None
        case kind if f"deal.{kind}" in TEXTS:
            return phrase(f"deal.{kind}")
    return phrase("deal.amount") if "amount" in event.data else None
