"""Records of Salesforce as they are now, as the changes that Change Data Capture would have told. Pure.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunityhistory.htm
A record says when it was made and when it was changed last; what an opportunity was in between is in its history. What
a change means is `collectors.webhooks.crm`'s. Transactions have keys that no record tells: events have those of record
and time in their place.
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
_SEQUENCES: Final = 1000  # changes of one millisecond that keep their order, as of one transaction


class Terms(NamedTuple):
    """What the settings say of a source."""

    currency: str | None  # of amounts without one
    traits: frozenset[str]  # fields of opportunities and accounts

    def fields(self, entity: str) -> list[str]:
        """Those that are read, as far as the organisation has them."""
        first = ("Id",) if entity == "OpportunityHistory" else _ALWAYS
        own = self.traits if entity in ("Opportunity", "Account") else frozenset[str]()
        return list(dict.fromkeys((*first, *_OWN[entity], *sorted(own))))


class Told(NamedTuple):
    """A record, and for an opportunity the rows of its history."""

    entity: str
    row: Any
    history: Sequence[Any] = ()


def changes(told: Told, terms: Terms) -> Iterator[Change]:
    """A record's life. Fault for one that cannot be told from others."""
    row = table(told.row)
    name = record_id(row, "Id")
    made, changed = ms_of(row, "CreatedDate"), ms_of(row, "SystemModstamp")
    who = given(actor_id=maybe(row, "CreatedById"))
    yield _change(told, "CREATE", name, f"{name}-created", made, 0, terms, {}, who)
    past = sorted(told.history, key=lambda one: (ms_of(one, "CreatedDate"), text(one, "Id")))
    yield from _history(told, name, past, terms)
    if flag(row, "IsDeleted"):
        yield _change(told, "DELETE", name, f"{name}-deleted-{changed}", changed, _SEQUENCES - 1, terms, {})
        return
    fields = {field: value for field, value in row.items() if field != "StageName" or not past}
    if told.entity == "Lead":  # what was known of it when it was made is not kept: what is known now dates from then
        yield _change(told, "CREATE", name, f"{name}-{changed}", made, 0, terms, fields)
    yield _change(told, "UPDATE", name, f"{name}-{changed}", changed, _SEQUENCES - 1, terms, fields)


def events(change: Change) -> Iterator[Event]:
    """As of Change Data Capture. Fault."""
    again = change.kind == "CREATE" and not change.id.endswith("-created")
    for event in MADE[change.entity](change):
        if again and event.type != "crm.lead.created":
            continue
        yield event._replace(time=_converted(change)) if event.type == "crm.lead.converted" else event


def _history(told: Told, name: str, past: Sequence[Any], terms: Terms) -> Iterator[Change]:
    """A row for each save that touched stage, amount or date: only what is another than in the row before counts."""
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
            yield _change(told, "UPDATE", name, key, ms, place, terms, {**fields, **money})


def _change(
    told: Told,
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
    return Change(fields, told.entity, kind, name, key, time, order, terms.currency, terms.traits, who or {})


def _converted(change: Change) -> str:
    """When a lead was converted: that day at noon, unless it was changed last on it."""
    day = maybe(change.fields, "ConvertedDate")
    if day is None or change.time.startswith(day):
        return change.time
    return max(f"{day}T12:00:00Z", of_ms(ms_of(change.fields, "CreatedDate"), "CreatedDate"))


def ms_of(row: Any, field: str) -> int:
    """A time as Salesforce writes it, ``2026-11-01T10:00:00.000+0000``, in ms UTC. Fault."""
    try:
        moment = datetime.fromisoformat(text(row, field))
        if moment.tzinfo is None:
            raise ValueError
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Fault(field, "not a time like 2026-11-01T10:00:00.000+0000") from None
