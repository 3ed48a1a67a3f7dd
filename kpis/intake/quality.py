"""Data quality counters by receive time. They count journal records and belong to no subject."""

from typing import Final, get_type_hints

from kpis.cells.ledger import Ledger
from kpis.cells.measures import code
from models.events import SHAPES
from models.record import BOT, PLACEHOLDER, UNKNOWN_TYPE, UNPRICED, Row

RECEIVED: Final = code("received")
DUPLICATES: Final = code("duplicates")
CONFLICTS: Final = code("conflicts")
INVALID: Final = code("invalid")
LATE: Final = code("late")
ROBOTS: Final = code("robots")
UNPRICED_FACTS: Final = code("unpriced")
PLACEHOLDERS: Final = code("placeholders")
PRICED: Final = frozenset(name for name, shape in SHAPES.items() if {"amount", "mrr"} & get_type_hints(shape).keys())


def note(ledger: Ledger, measure: int, received: int) -> None:
    """Count a record as received, and under ``measure`` unless that is RECEIVED (accepted). ``received``: ms."""
    minute = received // 60_000
    ledger.add(0, RECEIVED, minute)
    if measure != RECEIVED:
        ledger.add(0, measure, minute)


def note_flags(ledger: Ledger, row: Row) -> None:
    """Count the flags of an accepted record."""
    if row.flags & PLACEHOLDER:
        ledger.add(0, PLACEHOLDERS, row.received // 60_000)
    if row.flags & BOT:
        ledger.add(0, ROBOTS, row.received // 60_000)
    elif row.flags & UNPRICED:
        ledger.add(0, UNPRICED_FACTS, row.received // 60_000)


def currency_of(row: Row) -> str | None:
    """The currency of an accepted record whose amount needs an exchange rate; None for any other."""
    if row.type not in PRICED or row.flags & (BOT | UNPRICED | UNKNOWN_TYPE):
        return None
    given = any(row.data.get(field) is not None for field in ("amount", "mrr"))
    return row.data.get("currency") or None if given else None
