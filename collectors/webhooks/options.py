"""What the address of a webhook says beside the path: its query, as `?currency=EUR`. Pure."""

from urllib.parse import parse_qsl

from collectors.arrived import Arrived, Unreadable
from models import money
from models.refused import Refused

IDS = ("customer_id", "lead_id", "user_id", "contact_id", "deal_id", "owner_id")
"""Whom a delivery is about, where only the address can say it."""


def options(arrived: Arrived) -> dict[str, str]:
    """The parameters of the query, decoded; of a repeated one the first holds, an empty one is none."""
    _, _, query = arrived.url.partition("?")
    try:
        found = parse_qsl(query.partition("#")[0], errors="replace", max_num_fields=100)
    except ValueError:
        raise Unreadable("the address has too many parameters", "query") from None
    return dict(reversed(found))


def currency(arrived: Arrived, name: str = "currency") -> str | None:
    """The currency of amounts that come without one, as the address says; None: it does not. Unreadable."""
    given = options(arrived).get(name)
    if given is None:
        return None
    try:
        return money.currency(given)[0]
    except Refused:
        raise Unreadable("not an ISO 4217 currency", f"query.{name}") from None


def traits(arrived: Arrived) -> frozenset[str]:
    """The sender's own fields that become traits: ``?traits=dealtype,region``."""
    return frozenset(name.strip() for name in options(arrived).get("traits", "").split(",") if name.strip())


def about(arrived: Arrived) -> dict[str, str]:
    """Ids that the address names: ``?deal_id=…&customer_id=…``."""
    return {name: value for name, value in options(arrived).items() if name in IDS}
