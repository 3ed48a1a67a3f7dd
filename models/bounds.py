"""How large, how long and how far from today anything may be. Beyond it a record is refused, and the field is named.

The engine takes all of these for granted: what validation lets through fits its tables and its entries.
"""

from typing import Final

from models.refused import Refused

FIRST_MS: Final = 86_400_000  # 1970-01-02T00:00:00Z: a day above zero, so that it has a local date in every zone
END_MS: Final = 4_102_444_800_000  # 2100-01-01T00:00:00Z, exclusive
FIRST_DATE: Final = "1970-01-02"
END_DATE: Final = "2100-01-01"  # exclusive
PERIOD_DAYS: Final = 3660  # of one cost: each of its days becomes a pane

NAME_LENGTH: Final = 256  # characters of an id, a name, a stage, a source, a value of a dimension
LOSERS: Final = 100  # ids that one merge joins
TRAITS_BYTES: Final = 64 << 10  # of one event, as JSON: a deal keeps them with each of its events

AMOUNT_LIMIT: Final = 10**18  # minor units, exclusive: an amount fits 64 bits; sums that do not are stored exactly, too
RATE_DIGITS: Final = 9  # an exchange rate lies in [10^-9, 10^9]
TARGET_DIGITS: Final = 30  # a target is text that nothing is added to
SCORE_LIMIT: Final = 1_000_000  # of a survey's scores and the ends of their scale, either sign
ORDER_LIMIT: Final = 1_000_000  # of a stage's place in its pipeline, either sign


def date_within(text: str, field: str) -> str:
    """A date itself. Refused time_out_of_range outside [FIRST_DATE, END_DATE)."""
    if FIRST_DATE <= text < END_DATE:
        return text
    raise Refused("time_out_of_range", field)


def within(ms: int, field: str) -> int:
    """``ms`` itself. Refused time_out_of_range outside [FIRST_MS, END_MS)."""
    if FIRST_MS <= ms < END_MS:
        return ms
    raise Refused("time_out_of_range", field)
