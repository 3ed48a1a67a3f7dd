"""A change of one Salesforce record. Pure."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from collectors.event import Event
from collectors.webhooks.items import Fault, at, given, maybe, text
from models.salesforce import long_id

_STEPS: Final = {"-stage": 1, "-closed": 2}  # order of the events of one change


class Change(NamedTuple):
    """A change of one record."""

    fields: dict[str, Any]  # by API name; at least the changed ones
    entity: str  # "Opportunity"
    kind: str  # CREATE, UPDATE, DELETE, UNDELETE
    record: str  # its id, 18 characters
    id: str
    time: str  # RFC 3339
    place: int  # increasing with the order of changes; the last digit is zero
    currency: str | None  # for amounts without CurrencyIsoCode
    traits: frozenset[str]  # opportunity and account fields that become traits
    who: dict[str, str]  # the author of the change, for record events

    def event(self, type_: str, suffix: str = "", **data: Any) -> Event:
        """An event of this change; deal events use its position as version, in the order of `_STEPS`."""
        if type_.startswith("deal.") and type_ != "deal.created":
            data["version"] = self.place + _STEPS.get(suffix, 0)
        return Event(f"crm.{type_}", f"{self.id}{suffix}", self.time, given(**data))

    def of_record(self) -> Iterator[Event]:
        """The creation or deletion of a record."""
        if happening := {"CREATE": "created", "DELETE": "deleted"}.get(self.kind):
            yield self.event(f"record.{happening}", "-record", object=self.entity, record_id=self.record, **self.who)


def record_id(fields: Any, path: str) -> str:
    """An id in its 18-character form. Raises Fault."""
    try:
        return long_id(text(fields, path))
    except ValueError as error:
        raise Fault(path, str(error)) from None


def reference(fields: Any, path: str) -> str | None:
    """The id of another record, if there is one."""
    return record_id(fields, path) if maybe(fields, path) else None


def flag(fields: Any, path: str) -> bool | None:
    """A checkbox; None if absent."""
    value = at(fields, path)
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
