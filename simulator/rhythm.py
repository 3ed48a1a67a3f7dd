"""When people do things: quiet nights, busy Tuesdays, slow Sundays."""

from random import Random
from typing import Final

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

HOURS: Final = (1, 1, 0.5, 0.5, 0.5, 1, 2, 5, 9, 12, 12, 10, 9, 10, 11, 11, 10, 9, 8, 9, 10, 8, 5, 2)
WEEKDAYS: Final = (1.1, 1.2, 1.15, 1.1, 0.95, 0.6, 0.5)
_HOUR_RANGE: Final = range(24)
_EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday


def weekday(time: int, offset: int) -> int:
    """Local weekday (0: Monday) of an instant in ms UTC; ``offset`` is the zone's, ms."""
    return ((time + offset) // DAY + _EPOCH_WEEKDAY) % 7


def busy(time: int, offset: int) -> float:
    """The relative activity on the day of ``time``; 1 is average."""
    return WEEKDAYS[weekday(time, offset)]


def moment(rng: Random) -> int:
    """A random time of day, ms after local midnight, weighted by activity."""
    return rng.choices(_HOUR_RANGE, HOURS)[0] * HOUR + int(rng.random() * HOUR)


def office(time: int, offset: int, rng: Random) -> int:
    """The same instant if within office hours (Mon–Fri 8–17 local), else one in the next; ms UTC."""
    local = time + offset
    day, hour = local // DAY, local % DAY // HOUR
    if hour < 8:
        local = day * DAY + 8 * HOUR + int(rng.random() * 2 * HOUR)
    elif hour >= 17:
        local = (day + 1) * DAY + 8 * HOUR + int(rng.random() * 3 * HOUR)
    while weekday(local, 0) > 4:
        local += DAY
    return local - offset


def some(mean: float, rng: Random) -> int:
    """A random count with the given mean."""
    return max(0, int(rng.gauss(mean, mean**0.5) + rng.random())) if mean > 0 else 0
