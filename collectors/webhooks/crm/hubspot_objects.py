"""What a notice of HubSpot means: company is customer, contact is contact and lead, deal is deal.

A notice tells one property, so amounts come without their currency: the address of the webhook says it.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from collectors.event import Event
from collectors.webhooks.items import Fault, given, maybe, maybe_whole, rows, text
from collectors.webhooks.times import ms_of, of_ms


class Notice(NamedTuple):
    """One notice of a delivery."""

    item: dict[str, Any]
    kind: str  # "contact", "company", "deal", "ticket"
    change: str  # "creation", "propertyChange", …
    id: str
    at: int  # ms UTC
    time: str  # the same, RFC 3339
    currency: str | None  # of `amount`
    company_currency: str | None  # of `amount_in_home_currency`; `amount` is then left aside
    traits: frozenset[str]  # properties of deals and companies that become traits

    def event(self, type_: str, suffix: str = "", *, time: str | None = None, **data: Any) -> Event:
        """An event of this notice. Those of deals have its instant as their version: HubSpot keeps no order."""
        if type_.startswith("deal.") and type_ != "deal.created":
            data["version"] = self.at
        return Event(f"crm.{type_}", f"{self.id}{suffix}", time or self.time, given(**data))


_ORIGINS: Final = {"IMPORT": "import", "CRM_UI": "ui", "CRM_UI_BULK_ACTION": "ui", "API": "api", "INTEGRATION": "api"}
_PLAIN: Final = {"pipeline": "pipeline", "hubspot_owner_id": "owner_id", "hs_analytics_source": "source",
                 "closed_lost_reason": "reason", "closed_won_reason": "reason"}  # fmt: skip
_LIFECYCLE: Final = {"lead": "created", "marketingqualifiedlead": "qualified", "salesqualifiedlead": "qualified",
                     "opportunity": "converted"}  # fmt: skip
_ENTITIES: Final = {"contact": "lead", "company": "customer"}
# In the older form an association is named in words, in the newer by the types of both objects.
_TYPES: Final = {"0-1": "CONTACT", "0-2": "COMPANY", "0-3": "DEAL", "0-5": "TICKET"}
_FIELDS: Final = {"CONTACT": "contact_id", "COMPANY": "customer_id", "DEAL": "deal_id", "TICKET": "ticket_id"}


def events_of(notice: Notice) -> Iterator[Event]:
    """The events of a notice. Fault."""
    change = _CHANGES.get(notice.change)
    return change(notice) if change else iter(())


def _record(notice: Notice, happening: str, record: str, suffix: str = "-record", **more: str) -> Event:
    origin = _ORIGINS.get(maybe(notice.item, "changeSource") or "")
    return notice.event(f"record.{happening}", suffix, object=notice.kind, record_id=record, origin=origin, **more)


def _creation(notice: Notice) -> Iterator[Event]:
    name = text(notice.item, "objectId")
    if notice.kind == "deal":
        yield notice.event("deal.created", deal_id=name)
    if notice.kind == "ticket":
        yield notice.event("ticket.opened", ticket_id=name)
    yield _record(notice, "created", name)


def _deletion(notice: Notice) -> Iterator[Event]:
    name = text(notice.item, "objectId")
    if notice.kind == "deal":
        yield notice.event("deal.deleted", deal_id=name)
    yield _record(notice, "deleted", name)


def _forgotten(notice: Notice) -> Iterator[Event]:
    name = text(notice.item, "objectId")
    if notice.kind == "contact":
        yield notice.event("privacy.erasure_requested", lead_id=name, contact_id=name, mode="forget")


def _restore(notice: Notice) -> Iterator[Event]:
    if notice.kind == "deal":
        yield notice.event("deal.reopened", deal_id=text(notice.item, "objectId"))


def _merge(notice: Notice) -> Iterator[Event]:
    """The objects that went up in another one. The one that stays may be a new one: then both went up in it."""
    primary = text(notice.item, "primaryObjectId")
    stays = maybe(notice.item, "newObjectId") or primary
    merged = [
        text(notice.item, f"mergedObjectIds.{place}") for place in range(len(rows(notice.item, "mergedObjectIds")))
    ]
    gone = list(dict.fromkeys(name for name in (*merged, primary) if name != stays))
    if not gone:
        raise Fault("mergedObjectIds", "names no object that was merged")
    if entity := _ENTITIES.get(notice.kind):
        yield notice.event("identity.merged", winner_id=stays, loser_ids=gone, entity=entity)
    for place, name in enumerate(gone):
        if notice.kind == "deal":
            yield notice.event("deal.merged", f"-{place}", deal_id=name, into_deal_id=stays)
        yield _record(notice, "merged", name, f"-record-{place}", into_record_id=stays)


def _association(notice: Notice) -> Iterator[Event]:
    """A company or contact of a deal, the company of a contact. Of several companies the primary one counts."""
    item = notice.item
    first, second = _ends(item)
    if item.get("associationRemoved") is True or first not in _FIELDS or second not in _FIELDS or first == second:
        return
    if "COMPANY" in (first, second) and item.get("isPrimaryAssociation") is False:
        return
    ids = {_FIELDS[first]: text(item, "fromObjectId"), _FIELDS[second]: text(item, "toObjectId")}
    if ids.keys() == {"deal_id", "customer_id"}:
        yield notice.event("deal.updated", **ids)
    elif ids.keys() == {"deal_id", "contact_id"}:
        # That a lead became this deal is said by a deal.created with it; of several the earliest dates the deal.
        yield notice.event("deal.created", **ids, lead_id=ids["contact_id"])
    elif ids.keys() == {"contact_id", "customer_id"}:
        yield notice.event("identity.identified", **ids, lead_id=ids["contact_id"])


def _ends(item: dict[str, Any]) -> tuple[str, str]:
    if named := maybe(item, "associationType"):
        first, _, second = named.partition("_TO_")
        return first, second
    types = (maybe(item, name) or "" for name in ("fromObjectTypeId", "toObjectTypeId"))
    first, second = (_TYPES.get(name, "") for name in types)
    return first, second


def _property(notice: Notice) -> Iterator[Event]:
    name, value = text(notice.item, "propertyName"), maybe(notice.item, "propertyValue")
    if value is None:  # emptied
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
    """A property that is a time: milliseconds since 1970, or RFC 3339."""
    value = text(notice.item, "propertyValue")
    if "T" in value:
        return of_ms(ms_of(value, "propertyValue"), "propertyValue")
    return of_ms(maybe_whole(notice.item, "propertyValue") or 0, "propertyValue")


def _contact(notice: Notice, contact: str, name: str, value: str) -> Iterator[Event]:
    """Contacts are leads by their lifecycle stage. One that was entered as a customer never was a lead, whatever else
    is said of it: an event of a lead makes one.
    """
    ids = {"lead_id": contact, "contact_id": contact}
    if name == "lifecyclestage" and value in _LIFECYCLE:
        yield notice.event(f"lead.{_LIFECYCLE[value]}", **ids, traits={"lifecyclestage": value})
    elif name == "hs_lead_status" and value.upper() == "UNQUALIFIED":
        yield notice.event("lead.disqualified", **ids, reason=value)


def _company(notice: Notice, company: str, name: str, value: str) -> Iterator[Event]:
    """A company is a customer from the lifecycle stage of that name on; a new one is a prospect."""
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
_CHANGES: Final[dict[str, Callable[[Notice], Iterator[Event]]]] = {
    "creation": _creation, "deletion": _deletion, "privacyDeletion": _forgotten, "restore": _restore, "merge": _merge,
    "associationChange": _association, "propertyChange": _property,
}  # fmt: skip
