"""All that is known of one subject, newest first, in words that people use."""

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
from kpis.query.describe import Told
from kpis.query.question import Refused
from kpis.query.words import TEXTS, money, plain, say, say_touch, without_empty
from kpis.state.tenant_state import TenantState
from kpis.tenant.tenant import Tenant

MOST: Final = 500
OBJECTS: Final = ("deal:", "order:", "subscription:", "contract:", "ticket:", "contact:")
Fact = tuple[int, Told]  # ms, what is told
# Of messages there is one of each; a touch of theirs may be a second opening, and is told by itself.
MAILED: Final = {
    SENT: "sent", DELIVERED: "delivered", BOUNCED: "bounced", UNSUBSCRIBED: "unsubscribed", COMPLAINED: "complained"
}  # fmt: skip
BY_MESSAGE: Final = frozenset(
    CODES[f"email.{kind}"]
    for kind in ("sent", "delivered", "bounced", "complained", "unsubscribed", "rejected", "deferred")
)
# A sign-in is kept with its user; where it came with another id it is there, too.
TWICE: Final = frozenset({CODES["login.told"]})
LEADS: Final = frozenset({"created", "qualified", "assigned", "converted", "unconverted", "disqualified"})


def timeline(state: TenantState, subject: Any, limit: Any = MOST) -> Told:
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
        "facts": [without_empty({"time": instant_text(time), **told}) for time, told in newest],
        "more": len(facts) > len(newest),
    }


def _root(tenant: Tenant, told: str) -> str:
    """The subject of an id, with or without the kind of id before it."""
    spelled = (told, *(space + told for space in (*NODE_SPACES, *OBJECTS)))
    for one in spelled:
        root = tenant.people.subject(one)
        if root.startswith(NODE_SPACES) and not _is_surrogate(root) and _known(tenant, root):
            return root
    raise LookupError(f"nothing is known of {told}")


def _is_surrogate(root: str) -> bool:
    """Whether an id stands in the place of one that was erased."""
    return root.partition(":")[2].startswith("erased-")


def _known(tenant: Tenant, root: str) -> bool:
    people = tenant.people
    return any(people.has_facts(raw) for raw in people.identity.members(root))


def _facts(tenant: Tenant, root: str) -> Iterator[Fact]:
    people = tenant.people
    raws = dict.fromkeys(people.raws(root))
    for raw in raws:
        yield from _touches(tenant, raw)
        yield from _said(tenant, raw)
    for member in people.identity.members(root):
        for thing in people.owners.things(member):
            if thing.startswith("message:"):
                yield from _mails(tenant, thing.partition(":")[2])
    for key in people.owned_by(root, "deal"):
        yield from _deals(tenant, key)
    for key in people.owned_by(root, "order"):
        for event in tenant.orders.get(key, ()):
            paid = money(event.data.get("amount"), event.data.get("currency"))
            yield event.time, {"type": f"crm.order.{event.kind}", **say(f"order.{event.kind}"), "id": key, **paid}
    for key in people.owned_by(root, "subscription"):
        for plan in tenant.subscriptions.get(key, ()):
            told = {"type": f"crm.subscription.{plan.kind}", **say(f"subscription.{plan.kind}"), "id": key}
            yield plan.effective, {**told, **money(plan.mrr, plan.currency)}
    for key in people.owned_by(root, "contract"):
        for renewal in tenant.contracts.get(key, ()):
            paid = money(renewal.data.get("amount"), renewal.data.get("currency"))
            told = {"type": f"crm.renewal.{renewal.kind}", **say(f"renewal.{renewal.kind}"), "id": key}
            yield renewal.time, {**told, **paid}
    for key in people.owned_by(root, "ticket"):
        for ticket in tenant.tickets.get(key, ()):
            told = {"type": f"crm.ticket.{ticket.kind}", **say(f"ticket.{ticket.kind}")}
            yield ticket.time, {**told, "id": key.partition(":")[2]}


def _touches(tenant: Tenant, raw: str) -> Iterator[Fact]:
    """What somebody did under one id; no robots."""
    touches = tenant.people.touches.get(raw)
    for (time, kind, flags, _), page in zip(touches, touches.pages, strict=True) if touches else ():
        if not flags & BOT and kind not in BY_MESSAGE and kind not in TWICE:
            one = BY_CODE[kind]
            type_ = one.type.partition(":")[0]
            yield time, {"type": type_, "channel": one.channel, **say_touch(kind, page), "id": plain(raw)}
    contacts = tenant.contacts.of.get(raw)
    for time, kind, _, deal in contacts or ():
        if kind == CONTACTED:
            yield time, {"type": "crm.lead.contacted", **say("lead.contacted"), "deal": deal, "id": raw}


def _said(tenant: Tenant, raw: str) -> Iterator[Fact]:
    """What is kept by id: leads, the CRM's words, answers, sign-ups, forms."""
    for lead in tenant.leads.get(raw, ()):
        if lead.kind in LEADS:
            told = {"type": f"crm.lead.{lead.kind}", **say(f"lead.{lead.kind}")}
            yield lead.time, {**told, "deal": lead.deal, "id": raw.partition(":")[2]}
    for said in tenant.customers.get(raw, ()):
        yield said.time, {"type": f"crm.customer.{said.kind}", **say(f"customer.{said.kind}"), "id": raw}
    for answer in tenant.answers.get(raw, ()):
        told = say("survey.recommend", score=str(answer.score), scale=answer.scale or "0-10")
        yield answer.time, {"type": "crm.survey.answered", **told, "id": answer.survey}
    for score in tenant.scores.get(raw, ()):
        about = "effort" if score.survey == "effort" else "satisfaction"
        told = say(f"survey.{about}", score=text_of(score.score), scale=score.scale.replace(BETWEEN, "-"))
        yield score.time, {"type": "crm.survey.answered", **told, "id": score.id}
    if raw in tenant.signups:
        yield tenant.signups[raw], {"type": "crm.user.signed_up", **say("user.signed_up"), "id": raw}
    for (_, form, _), found in tenant.forms.held(raw).items():
        if found.start is not None:
            told = {"type": "crm.form.started", "channel": "form", **say("form.started")}
            yield found.start, {**told, "id": form}


def _mails(tenant: Tenant, message: str) -> Iterator[Fact]:
    for key in tenant.message_keys(message):
        mail = tenant.messages[key]
        for slot, what in MAILED.items():
            if slot in mail.filled:
                told = {"type": f"crm.email.{what}", "channel": "email", **say(f"email.{what}")}
                yield mail.times[slot], {**told, "id": plain(message)}


def _deals(tenant: Tenant, key: str) -> Iterator[Fact]:
    for event in tenant.deals.get(key, ()):
        if (said := _said_of_deal(event)) is not None:
            told = {"type": f"crm.deal.{event.kind}", **said, "deal": key, "id": key}
            at = event.data.get("closed_at", event.time) if event.kind in ("won", "lost") else event.time
            yield at, {**told, **money(event.data.get("amount"), event.data.get("currency"))}


def _said_of_deal(event: DealEvent) -> Told | None:
    """What an event of a deal says; nothing where only attributes changed."""
    stage = stage_named(event.data)
    match event.kind:
        case "created":
            return say("deal.created.stage", stage=stage) if stage else say("deal.created")
        case "stage_changed":
            return say("deal.moved", stage=stage) if stage else None
        case kind if f"deal.{kind}" in TEXTS:
            return say(f"deal.{kind}")
    return say("deal.amount") if "amount" in event.data else None
