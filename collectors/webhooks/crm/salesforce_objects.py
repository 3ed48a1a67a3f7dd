"""Maps Salesforce changes: Account to customer, Lead to lead, Opportunity to deal."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from collectors.event import Event
from collectors.webhooks.crm.salesforce_calls import call_events
from collectors.webhooks.crm.salesforce_change import Change, flag, reference
from collectors.webhooks.items import at, given, maybe


def deal(change: Change) -> dict[str, Any]:
    """The deal fields of an opportunity, without its stage."""
    fields = change.fields
    amount = at(fields, "Amount")
    return given(
        deal_id=change.record, amount=amount, owner_id=reference(fields, "OwnerId"),
        currency=(maybe(fields, "CurrencyIsoCode") or change.currency) if amount is not None else None,
        customer_id=reference(fields, "AccountId"), contact_id=reference(fields, "ContactId"),
        source=maybe(fields, "LeadSource"), pipeline=reference(fields, "RecordTypeId"),
        closed_at=maybe(fields, "CloseDate"), traits=_traits(change),
    )  # fmt: skip


def _traits(change: Change) -> dict[str, Any]:
    return given(**{name: at(change.fields, name) for name in sorted(change.traits)})


def closed(fields: Any) -> str | None:
    """The event that closes an opportunity, if its fields say so."""
    if flag(fields, "IsWon"):
        return "deal.won"
    return "deal.lost" if flag(fields, "IsClosed") and flag(fields, "IsWon") is False else None


def _opportunity(change: Change) -> Iterator[Event]:
    if change.kind == "DELETE":
        yield change.event("deal.deleted", deal_id=change.record)
    elif change.kind == "UNDELETE":
        yield change.event("deal.reopened", deal_id=change.record)
        yield from _moved(change, {"deal_id": change.record})
    else:
        about = deal(change)
        if change.kind == "CREATE":
            yield change.event("deal.created", **about)
        elif len(about) > 1 and not maybe(change.fields, "StageName"):
            yield change.event("deal.updated", **about)
        yield from _moved(change, about)
    yield from change.of_record()


def _moved(change: Change, about: dict[str, Any]) -> Iterator[Event]:
    """Stage names are interpreted by the tenant's settings; IsWon and IsClosed take precedence if present."""
    stage = maybe(change.fields, "StageName")
    if stage:
        yield change.event("deal.stage_changed", "-stage", to_stage=stage, **about)
    if end := closed(change.fields):
        yield change.event(end, "-closed", stage=stage, **about)


def _lead(change: Change) -> Iterator[Event]:
    fields, lead = change.fields, {"lead_id": change.record}
    owner = reference(fields, "OwnerId")
    if change.kind == "CREATE":
        source, email, phone = (maybe(fields, name) for name in ("LeadSource", "Email", "Phone"))
        yield change.event("lead.created", **lead, source=source, owner_id=owner, email=email, phone=phone)
    elif change.kind == "UPDATE" and owner:
        yield change.event("lead.assigned", "-owner", **lead, owner_id=owner)
    if flag(fields, "IsConverted"):
        yield change.event(
            "lead.converted", "-converted", **lead, customer_id=reference(fields, "ConvertedAccountId"),
            contact_id=reference(fields, "ConvertedContactId"), deal_id=reference(fields, "ConvertedOpportunityId"),
        )  # fmt: skip
    elif status := _STATUSES.get((maybe(fields, "Status") or "").lower()):
        yield change.event(f"lead.{status}", "-status", **lead, reason=maybe(fields, "Status"))
    yield from change.of_record()


_STATUSES: Final = {
    "working - contacted": "contacted", "contacted": "contacted", "qualified": "qualified",
    "unqualified": "disqualified", "closed - not converted": "disqualified",
}  # fmt: skip


def _account(change: Change) -> Iterator[Event]:
    """An account may be a prospect: it becomes a customer by buying."""
    country = maybe(change.fields, "BillingAddress.Country") or maybe(change.fields, "BillingCountry")
    about = given(traits={**_traits(change), **given(country=country)}, owner_id=reference(change.fields, "OwnerId"))
    if about and change.kind in ("CREATE", "UPDATE"):
        yield change.event("customer.updated", customer_id=change.record, **about)
    yield from change.of_record()


def _contact(change: Change) -> Iterator[Event]:
    if account := reference(change.fields, "AccountId"):
        yield change.event("identity.identified", contact_id=change.record, customer_id=account)
    yield from change.of_record()


def _case(change: Change) -> Iterator[Event]:
    fields, ticket = change.fields, {"ticket_id": change.record}
    about = given(customer_id=reference(fields, "AccountId"), contact_id=reference(fields, "ContactId"))
    if change.kind == "CREATE":
        yield change.event("ticket.opened", **ticket, **about)
    if flag(fields, "IsClosed") or (maybe(fields, "Status") or "").lower() == "closed":
        yield change.event("ticket.resolved", "-closed", **ticket, **about)
    yield from change.of_record()


MADE: Final[dict[str, Callable[[Change], Iterator[Event]]]] = {
    "Opportunity": _opportunity, "Lead": _lead, "Account": _account, "Contact": _contact, "Task": call_events,
    "Case": _case,
}  # fmt: skip
