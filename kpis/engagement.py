"""How engaged a customer is: points that halve every 7 days. Rules: kpi-precise "customer_engagement_score".

An event gives integer points, decayed to the end of its UTC day; they are levels by day (``points:20542``), which
enter and leave with the customer's active times, and decay further when they are read. Tiers are levels as well: a
score only falls between two events, so that each event says until when its tier lasts.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, log2
from typing import Final, NamedTuple

from kpis.marks import DAY_MS, FOREVER, QUARTER_MS, Interval, Mark, intersect, level_marks
from kpis.touches import BY_CODE, CODES
from models.settings import TenantSettings

HALF_LIFE_MS: Final = 7 * DAY_MS
REACH_MS: Final = 140 * DAY_MS  # what is older counts nothing
MICRO: Final = 1_000_000
TOLD: Final = frozenset({CODES["login.own"], CODES["login.told"]})
ORDER: Final = "order.completed"
Points = tuple[int, int]  # instant ms, points


class Tail(NamedTuple):
    """A customer after its newest event: when it is active, when that event was, its score then in millionths."""

    active: Sequence[Interval]
    last: int = -FOREVER
    score: float = 0.0


def weights(settings: TenantSettings) -> tuple[int, ...]:
    """The weight of every kind of touch: of interactions and sign-ins as the settings say."""
    names = (kind.type.removeprefix("crm.").partition(":")[0] for kind in BY_CODE)
    counts = (kind.channel is not None or code in TOLD for code, kind in enumerate(BY_CODE))
    return tuple(settings.weights.get(name, 0) if one else 0 for name, one in zip(names, counts, strict=True))


def points(time: int, weight: int) -> int:
    """An event's points at the end of its UTC day, in millionths."""
    return round(MICRO * weight * 2 ** (-(day_end(time) - time) / HALF_LIFE_MS))


def day_end(time: int) -> int:
    """End of an instant's UTC day, ms."""
    return (time // DAY_MS + 1) * DAY_MS


def point_marks(time: int, given: int, active: Iterable[Interval]) -> Iterator[Mark]:
    """Points enter when they are given, or with the customer, and leave with it."""
    name, end = f"points:{time // DAY_MS}", day_end(time)
    for begin, leave in active:
        enter = max(begin, time)
        if enter < leave and enter - end <= REACH_MS:
            yield Mark(name, enter, given)
            if leave < FOREVER and leave - end <= REACH_MS:
                yield Mark(name, leave, -given)


def tier_marks(tail: Tail, until: int, tiers: Sequence[int]) -> Iterator[Mark]:
    """From when until when the newest event holds a customer in each tier; ``until``: the next event."""
    for number, threshold in enumerate(tiers):
        limit = max(threshold * MICRO, 1)
        if tail.score >= limit:
            crossing = tail.last + HALF_LIFE_MS * log2(tail.score / limit)
            span = (tail.last, min(ceil(crossing / QUARTER_MS) * QUARTER_MS, until))
            yield from level_marks(f"tier{number}", intersect([span], tail.active))


def follow(tail: Tail, facts: Iterable[Points], tiers: Sequence[int]) -> tuple[list[Mark], Tail]:
    """What later events add, in order of time, and the tail after them; its own tiers are still to be added."""
    found: list[Mark] = []
    for time, given in summed(facts):
        found += point_marks(time, given, tail.active)
        found += tier_marks(tail, time, tiers)
        score = tail.score * 2 ** (-(time - tail.last) / HALF_LIFE_MS) if tail.score else 0.0
        tail = Tail(tail.active, time, score + given * 2 ** ((day_end(time) - time) / HALF_LIFE_MS))
    return found, tail


def summed(facts: Iterable[Points]) -> list[Points]:
    """Points by instant, in order: of one instant together, so that their order means nothing."""
    found: dict[int, int] = {}
    for time, given in facts:
        found[time] = found.get(time, 0) + given
    return sorted((time, given) for time, given in found.items() if given)
