"""Limits on the size, length and date of anything. A record beyond them is refused, and the field is named.

The engine relies on them: whatever passes validation fits its tables and entries.
"""

from typing import Final

from models.refused import Refused

FIRST_MS: Final = 86_400_000  # 1970-01-02T00:00:00Z: one day above zero, so that it has a local date in every zone
END_MS: Final = 4_102_444_800_000  # 2100-01-01T00:00:00Z, exclusive
FIRST_DATE: Final = "1970-01-02"
END_DATE: Final = "2100-01-01"  # exclusive
PERIOD_DAYS: Final = 3660  # longest period of a cost: each day becomes a pane

NAME_LENGTH: Final = 256  # characters in an id, name, stage, source or dimension value
LOSERS: Final = 100  # ids in one merge
TRAITS_BYTES: Final = 64 << 10  # traits of one event, as JSON: a deal keeps them with each of its events

AMOUNT_LIMIT: Final = 10**18  # minor units, exclusive: fits 64 bits; larger sums are stored exactly, too
RATE_DIGITS: Final = 9  # an exchange rate lies in [10^-9, 10^9]
TARGET_DIGITS: Final = 30  # targets are text and never summed
SCORE_LIMIT: Final = 1_000_000  # survey scores and the ends of their scale, either sign
ORDER_LIMIT: Final = 1_000_000  # a stage's place in its pipeline, either sign


def date_within(text: str, field: str) -> str:
    """The date unchanged. Refused time_out_of_range outside [FIRST_DATE, END_DATE)."""
    if FIRST_DATE <= text < END_DATE:
        return text
    raise Refused("time_out_of_range", field)


def within(ms: int, field: str) -> int:
    """``ms`` unchanged. Refused time_out_of_range outside [FIRST_MS, END_MS)."""
    if FIRST_MS <= ms < END_MS:
        return ms
    raise Refused("time_out_of_range", field)
