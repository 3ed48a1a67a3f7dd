"""A HubSpot notification, and the events built from it. Pure."""

from typing import Any, NamedTuple

from collectors.event import Event
from collectors.webhooks.items import given


class Notice(NamedTuple):
    """One notification of a delivery."""

    item: dict[str, Any]
    kind: str  # "contact", "company", "deal", "ticket"
    change: str  # "creation", "propertyChange", …
    id: str
    at: int  # ms UTC
    time: str  # the same, RFC 3339
    currency: str | None  # currency of `amount`
    company_currency: str | None  # currency of `amount_in_home_currency`, which is then used instead of `amount`
    traits: frozenset[str]  # deal and company properties that become traits

    def event(self, type_: str, suffix: str = "", *, time: str | None = None, **data: Any) -> Event:
        """An event of this notification. Deal events use its time as version: HubSpot does not deliver in order."""
        if type_.startswith("deal.") and type_ != "deal.created":
            data["version"] = self.at
        return Event(f"crm.{type_}", f"{self.id}{suffix}", time or self.time, given(**data))
