"""Zoho CRM: notifications of the actions/watch API.

https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html. A notification lists the changed records, and
their new values if the channel has ``return_affected_field_values``. Nothing is signed: the channel's token is echoed
in the body.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import token_in_body
from collectors.webhooks.items import Fault, at, document, given, maybe, reading, text, whole
from collectors.webhooks.options import currency, traits
from collectors.webhooks.provider import Provider
from collectors.webhooks.times import of_ms

_RECORDS: Final = {"Deals": "deal", "Leads": "lead", "Accounts": "account", "Contacts": "contact", "Cases": "case"}
_HAPPENINGS: Final = {"insert": "created", "create": "created", "delete": "deleted"}


class Notice(NamedTuple):
    """One record of a notification."""

    module: str  # "Deals"
    operation: str  # insert, update, delete
    record: str
    values: dict[str, Any] | None  # None: not included
    id: str
    ms: int
    time: str
    currency: str | None
    traits: frozenset[str]

    def event(self, type_: str, suffix: str = "", **data: Any) -> Event:
        """An event of this notification; deal events use its time in milliseconds as version."""
        if type_.startswith("deal.") and type_ != "deal.created":
            data["version"] = self.ms
        return Event(f"crm.{type_}", f"{self.id}{suffix}", self.time, given(**data))


def _read(arrived: Arrived) -> Reading:
    found = document(arrived)
    money, wanted = currency(arrived), traits(arrived)
    names = at(found, "ids")
    if not isinstance(names, list) or not isinstance(found, dict):
        raise Unreadable("must be an array of ids", "ids")
    values = _values(found)
    items = [{**_head(found), "id": name, "values": values.get(str(name))} for name in names]
    return reading(arrived, items, lambda item: _events(_notice(item, money, wanted)))


def _head(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found.get(name) for name in ("module", "operation", "channel_id", "server_time")}


def _values(found: dict[str, Any]) -> dict[str, Any]:
    """Changed fields and their new values, by record."""
    values = found.get("affected_values")
    return {str(at(one, "record_id")): at(one, "values") for one in values} if isinstance(values, list) else {}


def _notice(item: dict[str, Any], money: str | None, wanted: frozenset[str]) -> Notice:
    ms = whole(item, "server_time")
    operation = (maybe(item, "operation") or "").rpartition(".")[2].lower()
    key = f"{text(item, 'channel_id')}-{text(item, 'id')}-{operation}-{ms}"
    values = at(item, "values")
    return Notice(
        maybe(item, "module") or "", {"create": "insert", "edit": "update"}.get(operation, operation), text(item, "id"),
        values if isinstance(values, dict) else None, key, ms, of_ms(ms, "server_time"), money, wanted,
    )  # fmt: skip


def _events(notice: Notice) -> Iterator[Event]:
    if notice.module not in _RECORDS:
        return
    if notice.operation == "update" and notice.values is None:
        raise Fault("affected_values", "is missing: make the channel with return_affected_field_values")
    values = notice.values or {}
    if notice.module == "Deals":
        yield from _deal(notice, values)
    elif notice.module == "Leads":
        yield from _lead(notice, values)
    elif notice.module == "Cases" and notice.operation == "insert":
        yield notice.event("ticket.opened", ticket_id=notice.record)
    elif notice.module == "Cases" and maybe(values, "Status") == "Closed":
        yield notice.event("ticket.resolved", ticket_id=notice.record)
    if happening := _HAPPENINGS.get(notice.operation):
        yield notice.event(f"record.{happening}", "-record", object=_RECORDS[notice.module], record_id=notice.record)


def _deal(notice: Notice, values: dict[str, Any]) -> Iterator[Event]:
    """The tenant's stage settings decide whether a deal is won or lost."""
    about, stage = _about(notice, values), maybe(values, "Stage")
    if notice.operation == "delete":
        yield notice.event("deal.deleted", deal_id=notice.record)
        return
    if notice.operation == "insert":
        yield notice.event("deal.created", **about)
    elif not stage and len(about) > 1:
        yield notice.event("deal.updated", **about)
    if stage:
        yield notice.event("deal.stage_changed", "-stage", **about, to_stage=stage)


def _about(notice: Notice, values: dict[str, Any]) -> dict[str, Any]:
    amount = at(values, "Amount")
    return given(
        deal_id=notice.record, amount=amount, owner_id=_id(values, "Owner"), pipeline=maybe(values, "Pipeline"),
        currency=(maybe(values, "Currency") or notice.currency) if amount is not None else None,
        customer_id=_id(values, "Account_Name"), contact_id=_id(values, "Contact_Name"),
        source=maybe(values, "Lead_Source"), closed_at=maybe(values, "Closing_Date"),
        reason=maybe(values, "Reason_For_Loss__s"),
        traits=given(**{name: at(values, name) for name in sorted(notice.traits)}),
    )  # fmt: skip


def _lead(notice: Notice, values: dict[str, Any]) -> Iterator[Event]:
    lead, owner = {"lead_id": notice.record}, _id(values, "Owner")
    if notice.operation == "insert":
        email, phone = maybe(values, "Email"), maybe(values, "Phone")
        source = maybe(values, "Lead_Source")
        yield notice.event("lead.created", **lead, source=source, owner_id=owner, email=email, phone=phone)
    elif notice.operation == "update" and owner:
        yield notice.event("lead.assigned", **lead, owner_id=owner)
    status = maybe(values, "Lead_Status")
    if happening := _STATUSES.get((status or "").lower()):
        yield notice.event(f"lead.{happening}", "-status", **lead, reason=status)


_STATUSES: Final = {"contacted": "contacted", "pre-qualified": "qualified", "junk lead": "disqualified",
                    "lost lead": "disqualified", "not qualified": "disqualified"}  # fmt: skip


def _id(values: dict[str, Any], name: str) -> str | None:
    """The id of a referenced record: an object with its name, or the id alone."""
    return maybe(values, f"{name}.id" if isinstance(values.get(name), dict) else name)


PROVIDER: Final = Provider("zoho", "Zoho CRM", "the token that the channel was made with", token_in_body, _read)
