"""The kinds of facts, one row each. Kinds without events come from other kinds' events (see `kpis.intake.batch`)."""

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any, Final

from kpis.cells.ledger import MANY, Parts
from kpis.contributions.click_conversions import of_click
from kpis.contributions.deals import deal_parts, of_deal
from kpis.contributions.groups import JOINT_GROUPS, JOINT_PARTS, of_cost, of_message, of_record, of_ticket
from kpis.contributions.late import of_late
from kpis.contributions.leads import lead_parts, of_lead
from kpis.contributions.mrr import of_contract
from kpis.contributions.orders import of_order, order_parts
from kpis.facts.conversions import Conversion, decode_click
from kpis.facts.costs import CostEvent
from kpis.facts.crm_records import RecordEvent
from kpis.facts.deals import DealEvent
from kpis.facts.forms import Form
from kpis.facts.late import LateEvent, decode_late
from kpis.facts.leads import LeadEvent
from kpis.facts.nps import Answer
from kpis.facts.orders import OrderEvent
from kpis.facts.prices import SubscriptionEvent
from kpis.facts.renewals import RenewalEvent
from kpis.facts.reported import CustomerEvent
from kpis.facts.survey_scores import ScoreFact
from kpis.facts.targets import TargetEvent
from kpis.facts.tickets import TicketEvent
from kpis.intake.activity import take_record, take_ticket, take_user
from kpis.intake.contracts import take_renewal, take_subscription
from kpis.intake.customers import take_customer
from kpis.intake.kind import Handler, Kind, Owner
from kpis.intake.money import take_cost, take_fx, take_target
from kpis.intake.ownership import take_identity
from kpis.intake.sales import take_deal, take_lead, take_order
from kpis.intake.surveys import take_survey
from kpis.intake.touches import take_email, take_form, take_touch
from kpis.tenant.codecs import Codec, DatedCodec, ListCodec, TableCodec, as_a_list
from kpis.tenant.special_codecs import (
    ErasedCodec,
    LinkCodec,
    MessageCodec,
    RateCodec,
    TouchCodec,
    ValuesCodec,
    fitted,
)
from kpis.tenant.tenant import Tenant

KINDS: Final = (
    # --- objects: an event without ids gets the owner of the first of these that it names
    Kind(
        "deal", DatedCodec("deal", lambda tenant: tenant.deals, DealEvent, DealEvent.encode),
        Owner.OBJECT, ("deal",), take_deal, of_deal, deal_parts, "deal_id", ("closing", "credit"),
    ),
    Kind(
        "order", ListCodec(lambda tenant: tenant.orders, OrderEvent),
        Owner.OBJECT, ("order",), take_order, of_order, order_parts, "order_id", ("credit",),
    ),
    Kind(
        "subscription", DatedCodec("subscription", lambda tenant: tenant.subscriptions, SubscriptionEvent),
        Owner.OBJECT, ("subscription",), take_subscription, field="subscription_id",
    ),
    Kind(
        "contract", DatedCodec("renewal", lambda tenant: tenant.contracts, RenewalEvent),
        Owner.OBJECT, ("renewal",), take_renewal, of_contract, field="contract_id",
    ),
    Kind(
        "message", MessageCodec(),
        Owner.INDEX, ("email",), take_email, of_message, field="message_id", takes_bots=True,
    ),
    Kind(
        "ticket", ListCodec(lambda tenant: tenant.tickets, TicketEvent),
        Owner.FIRST_PART, ("ticket",), take_ticket, of_ticket, field="ticket_id",
    ),
    Kind(
        "record", ListCodec(lambda tenant: tenant.records, RecordEvent),
        Owner.FIRST_PART, ("record",), take_record, of_record, field="record_id",
    ),
    # --- what is reported of an id
    Kind(
        "lead", ListCodec(lambda tenant: tenant.leads, LeadEvent),
        Owner.ID, ("lead",), take_lead, of_lead, lead_parts,
    ),
    Kind(
        "customer", ListCodec(lambda tenant: tenant.customers, CustomerEvent),
        Owner.ID, ("customer",), take_customer,
    ),
    Kind(
        "answers", ListCodec(lambda tenant: tenant.answers, Answer, Answer.encode),
        Owner.ID, ("survey",), take_survey,
    ),
    Kind(
        "scores", ListCodec(lambda tenant: tenant.scores, ScoreFact, ScoreFact.encode),
        Owner.ID, ("survey",), take_survey,
    ),
    Kind("signup", TableCodec(lambda tenant: tenant.signups), Owner.ID, ("user",), take_user),
    Kind("signin", TableCodec(lambda tenant: tenant.signins), Owner.ID, ("user",), take_user),
    Kind("attributes", TableCodec(lambda tenant: tenant.people.traits.of), Owner.ID),
    Kind("owner", TableCodec(lambda tenant: tenant.people.owners.of), Owner.INDEX),
    Kind("link", LinkCodec(), Owner.INDEX, ("identity",), take_identity, takes_bots=True),  # bots' links count
    Kind("erased", ErasedCodec(), Owner.NOBODY),
    # --- what persons do
    Kind(
        "touch", TouchCodec(lambda tenant: tenant.people.touches, lambda tenant: tenant.people.stored_touches, fitted),
        Owner.INDEX, ("page", "link", "call", "meeting", "chat", "social"), take_touch, takes_bots=True,
    ),
    Kind(
        "form", TableCodec(lambda tenant: tenant.form_facts, as_a_list, Form._make),
        Owner.INDEX, ("form",), take_form, takes_bots=True,
    ),
    Kind(
        "click", TableCodec(lambda tenant: tenant.click_facts, as_a_list, decode_click),
        Owner.INDEX, contribution=of_click,
    ),
    Kind("conversion", ListCodec(lambda tenant: tenant.conversion_facts, Conversion), Owner.INDEX),
    Kind("marketing", TouchCodec(lambda tenant: tenant.marketing, lambda tenant: tenant.stored_marketing), Owner.INDEX),
    Kind("contact", TouchCodec(lambda tenant: tenant.contacts.of, lambda tenant: tenant.contacts.stored), Owner.INDEX),
    Kind(
        "late", ListCodec(lambda tenant: tenant.late, decode_late, LateEvent.encode),
        Owner.FIRST_PART, contribution=of_late,
    ),
    # --- the tenant's own
    Kind(
        "cost", ListCodec(lambda tenant: tenant.costs, CostEvent),
        Owner.NOBODY, ("cost",), take_cost, of_cost,
    ),
    Kind("rate", RateCodec(), Owner.NOBODY, ("fx",), take_fx),
    Kind("rate_undated", RateCodec(undated=True), Owner.NOBODY, ("fx",), take_fx),
    Kind(
        "target", ListCodec(lambda tenant: tenant.targets.said, TargetEvent),
        Owner.NOBODY, ("target",), take_target,
    ),
    Kind("values", ValuesCodec(), Owner.NOBODY),  # the values kept of a dimension that has too many
)  # fmt: skip
CODECS: Final[dict[str, Codec]] = {kind.name: kind.codec for kind in KINDS}
LISTS: Final[dict[str, ListCodec[Any]]] = {
    name: codec for name, codec in CODECS.items() if isinstance(codec, ListCodec)
}  # fmt: skip
TABLES: Final[dict[str, ListCodec[Any] | TableCodec[Any]]] = {
    name: codec for name, codec in CODECS.items() if isinstance(codec, ListCodec | TableCodec)
}  # fmt: skip
COMPANIONS: Final = {kind.name: kind.companions for kind in KINDS if kind.owner is Owner.OBJECT}
OBJECT_FIELDS: Final = {kind.field: f"{kind.name}:" for kind in KINDS if kind.field is not None}
BY_NAME: Final = {kind.name: kind for kind in KINDS}
_HANDLED: Final = {entity: kind for kind in KINDS for entity in kind.events}


def named_by(*owners: Owner) -> Iterator[str]:
    """Names of the kinds with one of these rules of ownership."""
    return (kind.name for kind in KINDS if kind.owner in owners)


@lru_cache(maxsize=1024)
def handler_of(type_: str) -> tuple[str, Handler | None, bool]:
    """For an event type: the type without its entity, the handler, and whether the handler takes bots' events."""
    _, entity, rest = type_.split(".", 2)
    kind = _HANDLED.get(entity)
    return (rest, None, False) if kind is None else (rest, kind.handler, kind.takes_bots)


def parts_of(name: str, tenant: Tenant, key: str) -> Parts | None:
    """The parts of a group with many facts; None if it has few. Looked up by name, as dormant tenants are pickled."""
    kind = BY_NAME[name]
    assert kind.parts is not None
    return kind.parts(tenant, key) if len(LISTS[name].table(tenant).get(key, ())) > MANY else None


# Contributions by kind of group; and by part, for groups where only the difference is emitted.
GROUPS: Final = JOINT_GROUPS | {kind.name: kind.contribution for kind in KINDS if kind.contribution is not None}
PARTS: Final = JOINT_PARTS | {kind.name: partial(parts_of, kind.name) for kind in KINDS if kind.parts is not None}
