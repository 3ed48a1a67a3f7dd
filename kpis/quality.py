"""How clean the stream is: counts by receive time. They are sums over journal records, not facts of a subject."""

from typing import Final

from kpis.ledger import Ledger
from kpis.measures import code

RECEIVED: Final = code("received")
DUPLICATES: Final = code("duplicates")
CONFLICTS: Final = code("conflicts")
INVALID: Final = code("invalid")
LATE: Final = code("late")
COUNTERS: Final = ("received", "duplicates", "conflicts", "invalid", "late")
COUNTER_PREFIX: Final = "bot:"


def is_counter(measure: str) -> bool:
    """Whether a measure counts records as they came, and so is no function of the facts."""
    return measure in COUNTERS or measure.startswith(COUNTER_PREFIX)


def note(ledger: Ledger, measure: int, received: int) -> None:
    """Count one record: received, and what became of it (RECEIVED alone: accepted)."""
    minute = received // 60_000
    ledger.add(0, RECEIVED, minute)
    if measure != RECEIVED:
        ledger.add(0, measure, minute)
