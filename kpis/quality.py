"""How clean the stream is: counts by receive time. They are sums over journal records, not facts of a subject."""

from collections.abc import Callable
from typing import Final, get_type_hints

from kpis.ledger import Ledger
from kpis.measures import code
from models.events import SHAPES
from models.record import BOT, UNKNOWN_TYPE, UNPRICED, Row

RECEIVED: Final = code("received")
DUPLICATES: Final = code("duplicates")
CONFLICTS: Final = code("conflicts")
INVALID: Final = code("invalid")
LATE: Final = code("late")
ROBOTS: Final = code("robots")
UNPRICED_FACTS: Final = code("unpriced")
COUNTERS: Final = ("received", "duplicates", "conflicts", "invalid", "late", "robots", "unpriced")
COUNTER_PREFIXES: Final = ("bot:", "priced:")
PRICED: Final = frozenset(name for name, shape in SHAPES.items() if {"amount", "mrr"} & get_type_hints(shape).keys())


def is_counter(measure: str) -> bool:
    """Whether a measure counts records as they came, and so is no function of the facts."""
    return measure in COUNTERS or measure.startswith(COUNTER_PREFIXES)


def note(ledger: Ledger, measure: int, received: int) -> None:
    """Count one record: received, and what became of it (RECEIVED alone: accepted)."""
    minute = received // 60_000
    ledger.add(0, RECEIVED, minute)
    if measure != RECEIVED:
        ledger.add(0, measure, minute)


def note_accepted(ledger: Ledger, row: Row, day_of: Callable[[int], int]) -> None:
    """Count what an accepted record is flagged with, and money by what its price depends on.

    ``priced:USD:20542`` counts money of a currency and local day: which needs a rate is decided when it is read.
    """
    minute = row.received // 60_000
    if row.flags & BOT:
        ledger.add(0, ROBOTS, minute)
    elif row.flags & UNPRICED:
        ledger.add(0, UNPRICED_FACTS, minute)
    elif (
        (found := row.data.get("currency"))
        and row.type in PRICED
        and not row.flags & UNKNOWN_TYPE
        and any(row.data.get(field) is not None for field in ("amount", "mrr"))
    ):
        ledger.add(0, code(f"priced:{found}:{day_of(row.time // 60_000)}"), minute)
