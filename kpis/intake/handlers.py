"""What each kind of event does to a tenant's facts.

Every handler opens the groups of facts it changes before it changes them. ``raw`` is the id that touches and answers
are kept under; ``late`` and ``bot`` are attributes of the event.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from kpis.cells.ledger import MANY
from kpis.contributions.answers import one_more
from kpis.facts.nps import Answer
from kpis.facts.reported import KINDS, CustomerEvent
from kpis.facts.survey_scores import PLAIN, ends, scale_segment, scale_text, score_deltas, score_fact
from kpis.identity.statements import identity_words
from kpis.intake.activity import take_record, take_signin, take_ticket
from kpis.intake.attribution import note_told
from kpis.intake.contracts import open_business, take_renewal, take_subscription
from kpis.intake.money import take_cost, take_fx
from kpis.intake.ownership import relink
from kpis.intake.sales import source_and_owner, take_deal, take_lead, take_order
from kpis.intake.touches import take_email, take_form, take_touch
from kpis.intake.unpicked import keeps
from kpis.tenant.tenant import Tenant
from models.record import Row


def take_customer(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An event of a customer."""
    customer = f"customer:{row.data['customer_id']}"
    if not keeps(tenant, customer):
        return
    if kind in KINDS:
        root = tenant.people.subject(customer)
        if kind == "created" or len(tenant.customers.get(customer, ())) <= MANY:
            tenant.people.open_subject(root)
        else:
            open_business(tenant, root)
        note_told(tenant, root)
        tenant.people.hold(customer)
        fact = CustomerEvent(row.time, row.source, row.id, kind, row.data.get("source"))
        tenant.file("customer", customer, tenant.customers, fact)
    source_and_owner(tenant, row)


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
            tenant.ledger.add_delta(tenant.with_segment(segments, scale_segment(score.scale)), delta, 1)
        return
    scale = scale_text(data)
    own_scale = None if scale == PLAIN else scale
    answer = Answer(row.time, row.source, row.id, data["survey_id"], int(data["score"]), own_scale)
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
