"""Turns current Salesforce records into the changes Change Data Capture would have sent. Pure.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunityhistory.htm
A record has the times of its creation and last change; an opportunity's states in between come from its history.
`collectors.webhooks.crm` interprets the changes. Transaction keys are not part of a record, so event ids are made of
record and time instead.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from collectors.event import Event
from collectors.webhooks.crm.salesforce_change import Change, flag, record_id
from collectors.webhooks.crm.salesforce_objects import MADE
from collectors.webhooks.items import Fault, at, given, maybe, table, text
from collectors.webhooks.times import of_ms

_ALWAYS: Final = ("Id", "CreatedDate", "CreatedById", "SystemModstamp", "IsDeleted")
_OWN: Final = {
    "Opportunity": ("AccountId", "ContactId", "OwnerId", "Amount", "CurrencyIsoCode", "LeadSource", "RecordTypeId",
                    "CloseDate", "StageName", "IsWon", "IsClosed"),
    "Lead": ("OwnerId", "LeadSource", "Email", "Phone", "Status", "IsConverted", "ConvertedDate", "ConvertedAccountId",
             "ConvertedContactId", "ConvertedOpportunityId"),
    "Account": ("OwnerId", "BillingCountry"),
    "Contact": ("AccountId",),
    "OpportunityHistory": ("OpportunityId", "StageName", "Amount", "CurrencyIsoCode", "CreatedDate"),
}  # fmt: skip
_SEQUENCES: Final = 1000  # changes within a millisecond that keep their order, as in one transaction


class Terms(NamedTuple):
    """Settings of a source."""

    currency: str | None  # for amounts without a currency
    traits: frozenset[str]  # custom fields of opportunities and accounts

    def fields(self, entity: str) -> list[str]:
        """The fields to read, if the organisation has them."""
        first = ("Id",) if entity == "OpportunityHistory" else _ALWAYS
        own = self.traits if entity in ("Opportunity", "Account") else frozenset[str]()
        return list(dict.fromkeys((*first, *_OWN[entity], *sorted(own))))


class Recorded(NamedTuple):
    """A record, and an opportunity's history rows."""

    entity: str
    row: Any
    history: Sequence[Any] = ()


def changes(record: Recorded, terms: Terms) -> Iterator[Change]:
    """A record's history as changes. Raises Fault if the record has no id."""
    row = table(record.row)
    name = record_id(row, "Id")
    made, changed = ms_of(row, "CreatedDate"), ms_of(row, "SystemModstamp")
    who = given(actor_id=maybe(row, "CreatedById"))
    yield _change(record, "CREATE", name, f"{name}-created", made, 0, terms, {}, who)
    past = sorted(record.history, key=lambda one: (ms_of(one, "CreatedDate"), text(one, "Id")))
    yield from _history(record, name, past, terms)
    if flag(row, "IsDeleted"):
        yield _change(record, "DELETE", name, f"{name}-deleted-{changed}", changed, _SEQUENCES - 1, terms, {})
        return
    fields = {field: value for field, value in row.items() if field != "StageName" or not past}
    if record.entity == "Lead":  # its original values are not kept, so the current ones date from its creation
        yield _change(record, "CREATE", name, f"{name}-{changed}", made, 0, terms, fields)
    yield _change(record, "UPDATE", name, f"{name}-{changed}", changed, _SEQUENCES - 1, terms, fields)


def events(change: Change) -> Iterator[Event]:
    """The events of a change, as for Change Data Capture. Raises Fault."""
    again = change.kind == "CREATE" and not change.id.endswith("-created")
    for event in MADE[change.entity](change):
        if again and event.type != "crm.lead.created":
            continue
        yield event._replace(time=_converted(change)) if event.type == "crm.lead.converted" else event


def _history(record: Recorded, name: str, past: Sequence[Any], terms: Terms) -> Iterator[Change]:
    """Changes of stage, amount and date. A row per save: only fields that differ from the previous one count."""
    before: dict[str, Any] = {}
    when, place = -1, 0
    for one in past:
        now = {field: at(one, field) for field in ("StageName", "Amount")}
        fields = {field: value for field, value in now.items() if before.get(field) != value}
        ms = ms_of(one, "CreatedDate")
        when, place = ms, place + 1 if ms == when else 0
        before = now
        if fields:
            money = {"CurrencyIsoCode": at(one, "CurrencyIsoCode")} if "Amount" in fields else {}
            key = f"{name}-{text(one, 'Id')}"
            yield _change(record, "UPDATE", name, key, ms, place, terms, {**fields, **money})


def _change(
    record: Recorded,
    kind: str,
    name: str,
    key: str,
    ms: int,
    place: int,
    terms: Terms,
    fields: dict[str, Any],
    who: dict[str, str] | None = None,
) -> Change:
    order = (ms * _SEQUENCES + min(place, _SEQUENCES - 1)) * 10
    time = of_ms(ms, "SystemModstamp")
    return Change(fields, record.entity, kind, name, key, time, order, terms.currency, terms.traits, who or {})


def _converted(change: Change) -> str:
    """When a lead was converted: noon of that day, or its last change if that was on the same day."""
    day = maybe(change.fields, "ConvertedDate")
    if day is None or change.time.startswith(day):
        return change.time
    return max(f"{day}T12:00:00Z", of_ms(ms_of(change.fields, "CreatedDate"), "CreatedDate"))


def ms_of(row: Any, field: str) -> int:
    """A Salesforce time such as ``2026-11-01T10:00:00.000+0000``, in ms UTC. Raises Fault."""
    try:
        moment = datetime.fromisoformat(text(row, field))
        if moment.tzinfo is None:
            raise ValueError
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Fault(field, "not a time like 2026-11-01T10:00:00.000+0000") from None
