"""Presence: distinct persons in every window, as deltas, without a timer.

Take the sorted minutes t1 < t2 < … at which one person was active. For a rolling window of length W the person is in
the window ending at x iff some ti lies in [x − W, x): from ti until ti + W, or until the next one takes over. So each
minute gives +1 at itself and −1 at the earlier of (next minute, its own expiry); where one takes over from another the
two cancel. In a calendar bucket a person counts once, at the first minute in it; in `all` once for ever.

    t1   t2        t3                       W = 7d
    +1···········(t2+W)−1                   one interval
                         +1···(t3+W)−1      another

A new minute changes only what lies between its neighbours, so a touch costs the same in a long history as in a short
one. The changes of a whole batch are computed together, as arrays.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.window_names import DAY_WINDOWS, MINUTE_WINDOWS
from kpis.calendar.zone import BUCKETS, FIRST_DAY, Zone, bucket_starts
from kpis.cells.cells import MINUTE_BIAS, MINUTE_BITS, MINUTE_MASK, Rows
from kpis.cells.measures import MEASURE_BITS, YOUNG, code

Ints = NDArray[np.int64]
Minute = TypeVar("Minute", int, Ints)
NEVER: Final = 1 << 27  # after every other minute (year 2225), still inside the row key
NO_NEIGHBOUR: Final = -NEVER
SLICE: Final = 8192  # changes computed together: each makes some fifty temporary deltas
SUFFIXES: Final = (*MINUTE_WINDOWS, *DAY_WINDOWS, YOUNG, *BUCKETS, "all")
YOUNG_KIND: Final = SUFFIXES.index(YOUNG)
EVER_KIND: Final = SUFFIXES.index("all")
EVERY_KIND: Final = frozenset(range(len(SUFFIXES)))


def windowed(base: str) -> tuple[int, ...]:
    """Codes of a base measure in every kind of window, in the order of SUFFIXES."""
    return tuple(code(f"{base}@{suffix}") for suffix in SUFFIXES)


class Bases:
    """The distinct measures, numbered for the arrays."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.names: list[str] = []
        self.codes: list[tuple[int, ...]] = []
        self.young: list[int] = []

    def number(self, base: str, *, young: bool = False) -> int:
        """The number of a distinct measure. ``young``: also counted as `YOUNG`."""
        found = self._numbers.get(base)
        if found is None:
            found = self._numbers[base] = len(self.codes)
            self.names.append(base)
            self.codes.append(windowed(base))
            if young:
                self.young.append(found)
        return found


BASES: Final = Bases()


class Presence:
    """Changes of presence in one batch: minutes inserted and removed, each with its neighbours."""

    def __init__(self) -> None:
        self._changes: list[tuple[int, int, int, int, int, int]] = []

    def put(self, base: int, segments: int, times: "array[int]", minute: int) -> None:
        """Insert a minute into a person's sorted minutes (in place) and record what it changes."""
        if not times or minute > (newest := times[-1]):
            before = newest if times else NO_NEIGHBOUR
            times.append(minute)
            self._changes.append((base, segments, minute, before, NEVER, 1))
            return
        at = bisect_left(times, minute)
        following = times[at]
        if following != minute:
            before = times[at - 1] if at else NO_NEIGHBOUR
            times.insert(at, minute)
            self._changes.append((base, segments, minute, before, following, 1))

    def take(self, base: int, segments: int, times: "array[int]", minute: int) -> None:
        """Remove a minute from a person's sorted minutes (in place) and record what it changes."""
        at = times.index(minute)
        del times[at]
        before = times[at - 1] if at else NO_NEIGHBOUR
        following = times[at] if at < len(times) else NEVER
        self._changes.append((base, segments, minute, before, following, -1))

    def whole(self, base: int, segments: int, times: "array[int]", sign: int) -> None:
        """Record a person's whole history, added (+1) or removed (−1)."""
        before = NO_NEIGHBOUR
        for minute in times:
            # Built up in time order: each minute comes with nothing after it yet.
            self._changes.append((base, segments, minute, before, NEVER, sign))
            before = minute

    def flush(self, rows: Rows, zone: Zone, young: int, kinds: frozenset[int] = EVERY_KIND) -> None:
        """Turn the recorded changes into wide rows; ``young``: how long a presence is `YOUNG`, minutes.

        ``kinds``: of windows, by their places in SUFFIXES.
        """
        changes, self._changes = self._changes, []
        for start in range(0, len(changes), SLICE):
            _add(rows, *_deltas(np.array(changes[start : start + SLICE], dtype=np.int64), zone, young, kinds))


def _add(rows: Rows, keys: Ints, deltas: Ints) -> None:
    unique, inverse = np.unique(keys, return_inverse=True)
    sums = np.bincount(inverse, weights=deltas).astype(np.int64)
    kept = sums != 0
    codes = BASES.codes
    for key, delta in zip(unique[kept].tolist(), sums[kept].tolist(), strict=True):
        head = key >> MINUTE_BITS
        measure = codes[head >> 4 & 0xFF][head & 0xF]
        # As Ledger.add packs a row; the minute is packed already.
        row = (head >> 12 << MEASURE_BITS | measure) << MINUTE_BITS | key & MINUTE_MASK
        rows[row] = rows.get(row, 0) + delta


def _deltas(table: Ints, zone: Zone, young: int, kinds: frozenset[int]) -> tuple[Ints, Ints]:
    """All (key, delta) pairs of a table of changes; a key packs segments, base, kind of window and minute."""
    base, segments, minute, before, after, sign = table.T
    head = segments << 8 | base
    first = before == NO_NEIGHBOUR
    keys: list[Ints] = []
    deltas: list[Ints] = []

    def add(kind: int, chosen: NDArray[np.bool_], at: Ints, delta: Ints) -> None:
        found = at[chosen]
        if kind >= len(MINUTE_WINDOWS):
            found = np.where(found == NEVER, NEVER, found // 15 * 15)  # these are kept at quarter hours
        keys.append((head[chosen] << 4 | kind) << MINUTE_BITS | found + MINUTE_BIAS)
        deltas.append(delta[chosen])

    for kind, expiry, expiry_before in _expiries(minute, before, zone, young, kinds):
        wanted = np.isin(base, BASES.young) if kind == YOUNG_KIND else ~np.zeros_like(first)
        extends = ~first & (minute <= expiry_before)
        end = np.minimum(after, expiry)
        end_before = np.minimum(after, expiry_before)
        add(kind, wanted & extends & (end != end_before), end_before, sign)
        add(kind, wanted & ~extends, minute, sign)
        add(kind, wanted & (~extends | (end != end_before)), end, -sign)
    _bucket_deltas(zone, minute, before, after, sign, add, kinds)
    if EVER_KIND in kinds:
        add(EVER_KIND, first, minute, sign)
        add(EVER_KIND, first & (after != NEVER), after, -sign)
    if not keys:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    found = np.concatenate(keys)
    # An end that never comes is no delta.
    real = (found & MINUTE_MASK) != NEVER + MINUTE_BIAS
    return found[real], np.concatenate(deltas)[real]


def _expiries(
    minute: Ints, before: Ints, zone: Zone, young: int, kinds: frozenset[int]
) -> Iterator[tuple[int, Ints, Ints]]:
    """(place in SUFFIXES, when a minute leaves that rolling window, when its predecessor does)."""
    for kind, width in enumerate(MINUTE_WINDOWS.values()):
        if kind in kinds:
            yield kind, minute + width, before + width
    day, day_before = zone.days(minute), zone.days(before)
    for kind, days in enumerate(DAY_WINDOWS.values(), len(MINUTE_WINDOWS)):
        if kind in kinds:
            yield kind, zone.midnights_of(day + days), zone.midnights_of(day_before + days)
    if YOUNG_KIND in kinds:
        yield YOUNG_KIND, young_until(minute, young), young_until(before, young)


def young_until(minute: Minute, young: int) -> Minute:
    """When a presence at a minute (or an array) stops being `YOUNG`, to the quarter hour; ``young``: minutes."""
    return minute // 15 * 15 + young


def _bucket_deltas(
    zone: Zone, minute: Ints, before: Ints, after: Ints, sign: Ints, add: object, kinds: frozenset[int]
) -> None:
    """First minute in each calendar bucket: moves the count from a later minute where there was one."""
    assert callable(add)
    last = len(zone.midnights) - 1
    day, day_before, day_after = (np.clip(zone.days(each) - FIRST_DAY, 0, last) for each in (minute, before, after))
    for kind, bucket in enumerate(BUCKETS, YOUNG_KIND + 1):
        if kind not in kinds:
            continue
        starts = bucket_starts(bucket)
        own = starts[day]
        opens = (before == NO_NEIGHBOUR) | (starts[day_before] != own)
        add(kind, opens, minute, sign)
        add(kind, opens & (after != NEVER) & (starts[day_after] == own), after, -sign)
