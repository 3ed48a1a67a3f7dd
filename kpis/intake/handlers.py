"""What each kind of event does to a tenant's facts.

Every handler opens the groups of facts it changes before it changes them. ``raw`` is the id that touches and answers
are kept under; ``late`` and ``bot`` are attributes of the event.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, Final

from kpis.calendar.zone import date_day
from kpis.cells.cells import OTHER
from kpis.cells.ledger import MANY
from kpis.contributions.answers import one_more
from kpis.contributions.groups import TOUCHES_OF_SUBJECTS
from kpis.contributions.touches import late_page, touch_deltas
from kpis.facts.costs import cost_event
from kpis.facts.customers import subscription_event
from kpis.facts.deals import deal_event
from kpis.facts.emails import new_message, note, slots_of
from kpis.facts.leads import LeadEvent
from kpis.facts.orders import order_event
from kpis.facts.page_paths import page_code, path_of_view
from kpis.facts.renewals import renewal_event
from kpis.facts.survey_scores import PLAIN, SCALE, ends, scale_segment, scale_text, score_deltas, score_fact
from kpis.facts.touches import BY_CODE, CODES, LATE, NOTHING, PAGE, TOUCH_ROWS, kind_code
from kpis.identity.ids import segment_of
from kpis.identity.links import named_ids
from kpis.identity.statements import identity_words
from kpis.intake.activity import take_record, take_signin, take_ticket
from kpis.intake.attribution import note_told
from kpis.intake.ownership import relink, shelve
from kpis.intake.unpicked import keeps, keeps_object
from kpis.tenant.fx_dependents import note_rated, open_rated
from kpis.tenant.lead_groups import deciding, merged_leads, open_deals_of
from kpis.tenant.person_sets import IDENTIFIED
from kpis.tenant.tenant import Tenant
from models.record import Row

CLICK: Final = CODES["link.clicked"]
CUSTOMER_KINDS: Final = {"created", "reactivated", "churned"}


def take_deal(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of a deal."""
    key = str(row.data["deal_id"])
    if keeps_object(tenant, f"deal:{key}", row):
        _deal_event(tenant, key, kind, row, late)
    lead = row.data.get("lead_id")
    if kind == "created" and lead is not None and row.data.get("time_known") is not False:
        _lead_event(tenant, f"lead:{lead}", [row.time, "deal", row.source, row.id, key])


def _deal_event(tenant: Tenant, key: str, kind: str, row: Row, late: bool) -> None:
    thing = f"deal:{key}"
    tenant.ledger.open("deal", key)
    tenant.ledger.open("closing", key)
    tenant.ages.changed.add(key)
    tenant.unsettled.add(thing)
    if key not in tenant.deals:
        note_told(tenant, tenant.people.subject(thing))
    shelve(tenant, "deal", key)
    event = deal_event(row.time, kind, row.source, row.id, row.data)
    if late:
        event.append(True)
    tenant.file("deal", key, tenant.deals, event)


def take_order(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of an order."""
    key = str(row.data["order_id"])
    if not keeps_object(tenant, f"order:{key}", row):
        return
    tenant.ledger.open("order", key)
    tenant.unsettled.add(f"order:{key}")
    shelve(tenant, "order", key)
    tenant.file("order", key, tenant.orders, order_event(row.time, kind, row.source, row.id, row.data))


def take_subscription(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of a subscription."""
    key = str(row.data["subscription_id"])
    if not keeps_object(tenant, f"subscription:{key}", row):
        return
    root = tenant.people.subject(f"subscription:{key}")
    if len(tenant.subscriptions.get(key, ())) > MANY:
        open_business(tenant, root)
    else:
        tenant.people.open_subject(root)
    shelve(tenant, "subscription", key)
    event = subscription_event(row.time, kind, row.source, row.id, row.data)
    tenant.file("subscription", key, tenant.subscriptions, event)
    note_rated(tenant, f"subscription:{key}")


def open_business(tenant: Tenant, root: str) -> None:
    """Open what one more event changes of a subject that has such events already: when it is active."""
    for kind in ("customer", "acquisition", "mrr"):
        tenant.ledger.open(kind, root)
    tenant.engagement.doubt(root)


def take_renewal(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of a contract's renewal."""
    key = str(row.data["contract_id"])
    if not keeps_object(tenant, f"contract:{key}", row):
        return
    tenant.ledger.open("contract", key)
    shelve(tenant, "contract", key)
    tenant.file("contract", key, tenant.contracts, renewal_event(row.time, kind, row.source, row.id, row.data))
    note_rated(tenant, f"contract:{key}")


def take_lead(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of a lead."""
    lead = f"lead:{row.data['lead_id']}"
    _lead_event(tenant, lead, [row.time, kind, row.source, row.id, row.data.get("deal_id")])
    _source_and_owner(tenant, row)


def _lead_event(tenant: Tenant, lead: str, event: LeadEvent) -> None:
    if not keeps(tenant, lead):
        return
    found = merged_leads(tenant, lead)
    for one in found:
        tenant.ledger.open("lead", one)
    note_told(tenant, tenant.people.subject(lead))
    if event[4]:
        tenant.leads_of_deal.setdefault(event[4], set()).add(lead)
    tenant.people.own("lead", lead, lead, None)
    open_deals_of(tenant, [event], *(deciding(tenant, one) for one in found))
    tenant.file("lead", lead, tenant.leads, event)
    tenant.person_sets.step(lead)


def take_customer(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of a customer."""
    customer = f"customer:{row.data['customer_id']}"
    if not keeps(tenant, customer):
        return
    if kind in CUSTOMER_KINDS:
        root = tenant.people.subject(customer)
        if kind == "created" or len(tenant.customers.get(customer, ())) <= MANY:
            tenant.people.open_subject(root)
        else:
            open_business(tenant, root)
        note_told(tenant, root)
        tenant.people.hold(customer)
        fact = [row.time, row.source, row.id, kind, row.data.get("source")]
        tenant.file("customer", customer, tenant.customers, fact)
    _source_and_owner(tenant, row)


def _source_and_owner(tenant: Tenant, row: Row) -> None:
    first = named_ids(row.data)[0]
    if not keeps(tenant, first):
        return
    stamp = (row.time, row.source, row.id)
    tenant.say(first, "source", row.data.get("source"), stamp)
    tenant.say(first, "owner", row.data.get("owner_id"), stamp)


def take_identity(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A word on which ids belong together."""
    words = identity_words(kind, row)
    if changes := {pair: said for pair, said in words.items() if all(keeps(tenant, one) for one in pair)}:
        relink(tenant, changes)


def take_survey(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A survey answer."""
    data = row.data
    if kind != "answered" or not keeps(tenant, raw):
        return
    promoter = data["survey_type"] == "nps"
    low, high = ends(data)
    if low >= high or (promoter and data["score"] != int(data["score"])):
        return
    tenant.people.hold(raw)
    person = tenant.people.person(raw)
    out = tenant.ledger.is_open("person", person)
    segments = tenant.people.segments(person)
    if not promoter:
        score = score_fact(row.time, row.source, row.id, data)
        tenant.file("scores", raw, tenant.scores, score)
        for delta in () if out else score_deltas(score):
            tenant.ledger.add_delta(tenant.with_segment(segments, scale_segment(score[SCALE])), delta, 1)
        return
    scale = scale_text(data)
    own_scale = [] if scale == PLAIN else [scale]
    answer = [row.time, row.source, row.id, data["survey_id"], int(data["score"]), *own_scale]
    for delta, sign in () if out else list(one_more(tenant, person, answer)):
        tenant.ledger.add_delta(segments, delta, sign)
    tenant.file("answers", raw, tenant.answers, answer)


def take_user(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A sign-in; of sign-ups the earliest of an id counts."""
    if kind == "signed_in":
        take_signin(tenant, row, raw)
    if kind != "signed_up" or not keeps(tenant, raw) or row.time >= tenant.signups.get(raw, row.time + 1):
        return
    tenant.people.hold(raw)
    tenant.ledger.open("person", tenant.people.person(raw))
    tenant.signups[raw] = row.time
    tenant.dirty.add(("signup", raw))


def take_fx(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An exchange rate."""
    data = row.data
    word = (row.time, row.source, row.id, str(data["rate"]))
    undated = not data.get("date")
    day = tenant.zone.day(row.time // 60_000) if undated else date_day(date.fromisoformat(data["date"]))
    open_rated(tenant, data["base"], data["quote"], day)
    if not undated:
        if tenant.rates.set(data["base"], data["quote"], day, word):
            tenant.spend_table.reprice()
            tenant.dirty.add(("rate", (data["base"], data["quote"], day)))
        return
    quarter = row.time // 900_000
    if tenant.rates.set_undated(data["base"], data["quote"], quarter, day, word):
        tenant.spend_table.reprice()
        tenant.dirty.add(("rate_undated", (data["base"], data["quote"], quarter)))


def take_cost(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A cost."""
    key = str(row.data["cost_id"])
    tenant.ledger.open("cost", key)
    tenant.file("cost", key, tenant.costs, cost_event(row.time, row.source, row.id, row.data, late))


def take_email(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of an e-mail: of its message, and where a person acts a touch."""
    data = row.data
    slots = slots_of(kind, bot, data)
    if slots and keeps_object(tenant, f"message:{data['message_id']}", row):
        key = f"{data['message_id']}\0{data.get('recipient_hash') or ''}"
        message = tenant.messages.get(key)
        if message is None:
            tenant.keep_message(key, message := new_message())
            tenant.ledger.open_empty("message", key)
        else:
            tenant.ledger.open("message", key)
        own = tenant.own_segments(data)
        for slot in slots:
            if note(message, slot, row.time, own, tenant.sets.sets):
                tenant.dirty.add(("message", key))
    if kind in ("opened", "clicked") or late:
        code_ = CODES["email.opted_out"] if kind == "clicked" and not slots else CODES[f"email.{kind}"]
        _touch(tenant, code_, row, raw, late, bot)


def take_form(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A form begun or sent; sent it is a touch, too."""
    if not bot and keeps(tenant, raw):
        tenant.forms.take(row, raw, kind == "submitted")
    take_touch(tenant, kind, row, raw, late, bot)


def take_touch(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A touch."""
    found = kind_code(row.type, row.data)
    if found is not None:
        _touch(tenant, found, row, raw, late, bot)


def _touch(tenant: Tenant, kind: int, row: Row, raw: str, late: bool, bot: bool) -> None:
    if not keeps(tenant, raw):
        return
    spec = BY_CODE[kind]
    minute = row.time // 60_000
    note_: Any = None
    page = NOTHING
    if kind == PAGE:
        note_, page = row.data.get("session_id"), _page_of(tenant, row.data)
        _see_page(tenant, row, raw, page, late, bot)
    elif spec.type in TOUCH_ROWS:
        note_ = tenant.sets.sets[tenant.own_segments(row.data)][1:] or None
        if spec.modelled:
            note_ = (*(note_ or ()), segment_of("model", row.data.get("model")))
    flags = bot | LATE * late
    if late and kind in TOUCHES_OF_SUBJECTS:
        _note_late_touch(tenant, raw, spec.type, minute)
    if kind == CLICK and not bot:
        tenant.clicks.take(row, raw, note_)
    if not bot:
        tenant.engagement.note(raw, row.time, kind)
    chunk = tenant.person_sets.touch(raw, row.time, kind, flags, note_, page)
    tenant.dirty.add(("touch", (raw, chunk)))
    touch_deltas(tenant, kind, flags, minute, note_)


def _see_page(tenant: Tenant, row: Row, raw: str, page: int, late: bool, bot: bool) -> None:
    """A page view: what its page and its person's conversions make of it."""
    if late:
        late_page(tenant, page, row.time // 60_000)
    if not bot and raw.startswith(IDENTIFIED):
        tenant.landings.view(raw, page)


def _page_of(tenant: Tenant, data: dict[str, Any]) -> int:
    """The code of a page view's page; `__other__` beyond the pages that are kept, where all have numbers."""
    path = path_of_view(data)
    if not tenant.settings.landing_pages and tenant.sets.fit(f"page={path}") != f"page={path}":
        path = OTHER
    return page_code(path, data.get("click_id"))


def _note_late_touch(tenant: Tenant, raw: str, type_: str, minute: int) -> None:
    tenant.people.own("late_views", raw, tenant.people.owner(raw), None)
    if not tenant.ledger.is_open("late_views", raw):
        segments = tenant.people.segments(tenant.people.subject(raw))
        tenant.ledger.add(segments, tenant.ledger.names.code(f"late.s:{type_}"), minute)


@lru_cache(maxsize=1024)
def handler_of(type_: str) -> tuple[str, Callable[..., None] | None, bool]:
    """What an event type does: its kind, who takes it, and whether robots' events are taken too."""
    _, entity, kind = type_.split(".", 2)
    return kind, HANDLERS.get(entity), entity in TOUCHED or entity == "identity"  # who is who is so whoever says it


TOUCHED: Final = frozenset({"email", "page", "link", "form", "call", "meeting", "chat", "social"})
HANDLERS: Final[dict[str, Callable[..., None]]] = {
    **dict.fromkeys(TOUCHED, take_touch),
    "email": take_email,
    "form": take_form,
    "deal": take_deal,
    "order": take_order,
    "subscription": take_subscription,
    "renewal": take_renewal,
    "lead": take_lead,
    "customer": take_customer,
    "identity": take_identity,
    "survey": take_survey,
    "user": take_user,
    "record": take_record,
    "ticket": take_ticket,
    "fx": take_fx,
    "cost": take_cost,
}
