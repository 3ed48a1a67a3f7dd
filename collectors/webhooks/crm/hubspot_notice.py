"""One notice of HubSpot, and the events that are made of it. Pure."""

from typing import Any, NamedTuple

from collectors.event import Event
from collectors.webhooks.items import given


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
