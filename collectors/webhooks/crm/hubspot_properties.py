"""Maps property changes in HubSpot. Pure.

A notification has one property only, so amounts come without currency: the webhook's URL gives it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from collectors.event import Event
from collectors.webhooks.crm.hubspot_notice import Notice
from collectors.webhooks.items import maybe, maybe_whole, text
from collectors.webhooks.times import ms_of, of_ms

_PLAIN: Final = {"pipeline": "pipeline", "hubspot_owner_id": "owner_id", "hs_analytics_source": "source",
                 "closed_lost_reason": "reason", "closed_won_reason": "reason"}  # fmt: skip
_LIFECYCLE: Final = {"lead": "created", "marketingqualifiedlead": "qualified", "salesqualifiedlead": "qualified",
                     "opportunity": "converted"}  # fmt: skip


def property_changed(notice: Notice) -> Iterator[Event]:
    """The events of a property change. Raises Fault."""
    name, value = text(notice.item, "propertyName"), maybe(notice.item, "propertyValue")
    if value is None:  # cleared
        return iter(())
    return _PROPERTIES[notice.kind](notice, text(notice.item, "objectId"), name, value)


def _deal(notice: Notice, deal: str, name: str, value: str) -> Iterator[Event]:
    if name == "dealstage":
        yield notice.event("deal.stage_changed", deal_id=deal, to_stage=value)
    elif name in ("hs_is_closed_won", "hs_is_closed_lost"):
        if value == "true":
            yield notice.event("deal.won" if name.endswith("won") else "deal.lost", deal_id=deal)
    elif name == "createdate":
        yield notice.event("deal.created", deal_id=deal, time=_moment(notice))
    elif name == "closedate":
        yield notice.event("deal.updated", deal_id=deal, closed_at=_moment(notice))
    elif name in _PLAIN:
        yield notice.event("deal.updated", deal_id=deal, **{_PLAIN[name]: value})
    elif name == ("amount_in_home_currency" if notice.company_currency else "amount"):
        yield notice.event(
            "deal.updated", deal_id=deal, amount=value, currency=notice.company_currency or notice.currency
        )
    elif name in notice.traits:
        yield notice.event("deal.updated", deal_id=deal, traits={name: value})


def _moment(notice: Notice) -> str:
    """A time property: milliseconds since 1970, or RFC 3339."""
    value = text(notice.item, "propertyValue")
    if "T" in value:
        return of_ms(ms_of(value, "propertyValue"), "propertyValue")
    return of_ms(maybe_whole(notice.item, "propertyValue") or 0, "propertyValue")


def _contact(notice: Notice, contact: str, name: str, value: str) -> Iterator[Event]:
    """Contacts are leads according to their lifecycle stage. A contact created as a customer was never a lead, so no
    lead event is built for it.
    """
    ids = {"lead_id": contact, "contact_id": contact}
    if name == "lifecyclestage" and value in _LIFECYCLE:
        yield notice.event(f"lead.{_LIFECYCLE[value]}", **ids, traits={"lifecyclestage": value})
    elif name == "hs_lead_status" and value.upper() == "UNQUALIFIED":
        yield notice.event("lead.disqualified", **ids, reason=value)


def _company(notice: Notice, company: str, name: str, value: str) -> Iterator[Event]:
    """A company is a customer from lifecycle stage `customer` on; a new one is a prospect."""
    if name == "lifecyclestage" and value == "customer":
        yield notice.event("customer.created", customer_id=company)
    elif name == "hubspot_owner_id":
        yield notice.event("customer.updated", customer_id=company, owner_id=value)
    elif name in notice.traits or name == "country":
        yield notice.event("customer.updated", customer_id=company, traits={name: value})


def _ticket(notice: Notice, ticket: str, name: str, _value: str) -> Iterator[Event]:
    if name == "closed_date":
        yield notice.event("ticket.resolved", ticket_id=ticket, time=_moment(notice))


_PROPERTIES: Final[dict[str, Callable[[Notice, str, str, str], Iterator[Event]]]] = {
    "deal": _deal, "contact": _contact, "company": _company, "ticket": _ticket,
}  # fmt: skip
