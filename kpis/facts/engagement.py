"""Customer engagement: points with a half-life of 7 days. Rules: kpi-precise "customer_engagement_score".

An event gives integer points, decayed to the end of its UTC day. They are levels by day (``points:20542``) that apply
while the customer is active, and decay further when read. Tiers are levels too: between two events a score only falls,
so each event determines how long its tier lasts.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from math import ceil, log2
from typing import Final, NamedTuple

from kpis.calendar.intervals import FOREVER, Interval, intersect
from kpis.cells.deltas import DAY_MS, QUARTER_MS, Delta, level_deltas
from kpis.facts.touches import BY_CODE, CODES
from models.tenants import TenantSettings

HALF_LIFE_MS: Final = 7 * DAY_MS
REACH_MS: Final = 140 * DAY_MS  # older events count nothing
MICRO: Final = 1_000_000
SIGN_INS: Final = frozenset({CODES["login.own"], CODES["login.told"]})
ORDER: Final = "order.completed"
Points = tuple[int, int]  # instant ms, points


class Tail(NamedTuple):
    """A customer after its newest event: active times, the event's instant (ms), the score then in millionths."""

    active: Sequence[Interval]
    last: int = -FOREVER
    score: float = 0.0


def weights(settings: TenantSettings) -> tuple[int, ...]:
    """The weight of every kind of touch from the settings; 0 except for interactions and sign-ins."""
    names = (kind.type.removeprefix("crm.").partition(":")[0] for kind in BY_CODE)
    counts = (kind.channel is not None or code in SIGN_INS for code, kind in enumerate(BY_CODE))
    return tuple(settings.weights.get(name, 0) if one else 0 for name, one in zip(names, counts, strict=True))


def points(time: int, weight: int) -> int:
    """An event's points at the end of its UTC day, in millionths."""
    return round(MICRO * weight * 2 ** (-(day_end(time) - time) / HALF_LIFE_MS))


def day_end(time: int) -> int:
    """End of an instant's UTC day, ms."""
    return (time // DAY_MS + 1) * DAY_MS


def point_deltas(facts: Sequence[Points], before: Sequence[Interval], after: Sequence[Interval]) -> Iterator[Delta]:
    """The change of points when active times change: points apply from their event or the customer's return, until it
    leaves."""
    found: dict[Points, int] = {}  # day, instant -> change
    for sign, spans, others in ((-1, before, after), (1, after, before)):
        for begin, leave in spans:
            if (begin, leave) in others:
                continue
            for time, given in facts:
                day, end, enter = time // DAY_MS, day_end(time), max(begin, time)
                if enter < leave and enter - end <= REACH_MS:
                    found[day, enter] = found.get((day, enter), 0) + sign * given
                    if leave < FOREVER and leave - end <= REACH_MS:
                        found[day, leave] = found.get((day, leave), 0) - sign * given
    return (Delta(f"points:{day}", instant, delta) for (day, instant), delta in found.items() if delta)


def differ_from(one: Sequence[Interval], other: Sequence[Interval]) -> int:
    """The first instant that is in only one of two interval lists (disjoint, sorted); FOREVER: they are equal."""
    for (a, b), (c, d) in zip_longest(one, other, fillvalue=(FOREVER, FOREVER)):
        if (a, b) != (c, d):
            return min(a, c) if a != c else min(b, d)
    return FOREVER


def follow(tail: Tail, facts: Sequence[Points], tiers: Sequence[int]) -> tuple[list[Delta], Tail]:
    """A customer's tiers from its tail on, through later events (see ``summed``), and the new tail."""
    active, last, score = tail
    held: list[list[Interval]] = [[] for _ in tiers]
    limits = [(max(threshold * MICRO, 1), spans) for threshold, spans in zip(tiers, held, strict=True)]
    highest, since = max((limit for limit, _ in limits), default=0), last
    for time, given in facts:
        left = score * 2 ** (-(time - last) / HALF_LIFE_MS) if score else 0.0
        if left < highest or not score:
            _extend_tiers(limits, since, last, score, time)
            since = time
        last, score = time, left + given * 2 ** ((day_end(time) - time) / HALF_LIFE_MS)
    _extend_tiers(limits, since, last, score, FOREVER)
    deltas = (level_deltas(f"tier{number}", intersect(spans, active)) for number, spans in enumerate(held) if spans)
    return list(chain.from_iterable(deltas)), Tail(active, last, score)


def _extend_tiers(limits: Iterable[tuple[int, list[Interval]]], since: int, last: int, score: float, end: int) -> None:
    """Extend each tier: above all limits from ``since`` to ``last``, then while ``score`` decays, up to ``end``."""
    for limit, spans in limits:
        until = last
        if score >= limit:
            crossing = last + HALF_LIFE_MS * log2(score / limit)
            until = min(ceil(crossing / QUARTER_MS) * QUARTER_MS, end)
        if since < until:
            # Usually the tier has lasted since the previous event.
            begin = spans.pop()[0] if spans and spans[-1][1] == since else since
            spans.append((begin, until))


def summed(facts: Iterable[Points]) -> list[Points]:
    """Points summed by instant and sorted, so that the order of events at one instant does not matter."""
    found: dict[int, int] = {}
    for time, given in facts:
        found[time] = found.get(time, 0) + given
    return sorted((time, given) for time, given in found.items() if given)
