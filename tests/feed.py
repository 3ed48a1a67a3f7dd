"""Rows made by hand: what validation would hand over for short event stories."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from models.identity import content_hash, identity_hash
from models.record import Refusal, Row
from models.settings import TenantSettings
from recount.documents import Document, recount
from recount.facts import Item
from recount.windows import DAY

DEFAULTS = TenantSettings()


def ms(text: str) -> int:
    """An RFC 3339 text, or a date for its midnight in UTC, as ms."""
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


class Feed:
    """A tenant's items in journal order. Amounts are minor units, as in a journal row."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    def add(
        self, kind: str, time: str | int, *, key: str | None = None, received: str | int | None = None,
        flags: int = 0, **data: Any,
    ) -> Row:  # fmt: skip
        """Append ``crm.<kind>``; ``key`` is the event id (a new one by default)."""
        at = ms(time) if isinstance(time, str) else time
        heard = at if received is None else ms(received) if isinstance(received, str) else received
        name = key or f"e{len(self.items)}"
        content = content_hash(kind, str(at), repr(sorted(data.items())).encode())
        identity = identity_hash("t", "/test", name)
        row = Row(len(self.items), heard, "t", identity, content, f"crm.{kind}", at, flags, "/test", name, data)
        self.items.append(row)
        return row

    def refuse(self, received: str | int, reason: str = "missing_field") -> None:
        """Append a refusal."""
        at = ms(received) if isinstance(received, str) else received
        self.items.append(Refusal(len(self.items), at, "t", reason))

    def get(
        self, kpi: str, window: str, as_of: str | int, segment: dict[str, str] | None = None,
        *, settings: TenantSettings = DEFAULTS, hide: bool = False,
    ) -> Document:  # fmt: skip
        """One document."""
        at = ms(as_of) if isinstance(as_of, str) else as_of
        found = recount(self.items, settings, at, hide=hide, windows=[window], kpis=[kpi])
        return found[(kpi, window, tuple(sorted((segment or {}).items())))]

    def values(
        self, kpis: Iterable[str], window: str, as_of: str | int, *, settings: TenantSettings = DEFAULTS
    ) -> dict[str, Any]:
        """The value of several KPIs without segment."""
        at = ms(as_of) if isinstance(as_of, str) else as_of
        found = recount(self.items, settings, at, windows=[window], kpis=list(kpis))
        return {kpi: found[(kpi, window, ())]["value"] for kpi in kpis}


def closed(feed: Feed, won: int, lost: int, at: str, won_each: int = 0, lost_each: int = 0) -> None:
    """So many deals won and lost at a time, created 10 days before."""
    for number in range(won + lost):
        verb, amount = ("won", won_each) if number < won else ("lost", lost_each)
        feed.add("deal.created", ms(at) - 10 * DAY, deal_id=f"{at}-{number}")
        feed.add(f"deal.{verb}", at, deal_id=f"{at}-{number}", amount=amount, currency="EUR")
