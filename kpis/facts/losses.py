"""Lost customers: active just before a window began but not at its end, for rolling and calendar windows.

Losses lie in the *gaps* between active times. In a rolling window, a customer is lost at x if x is in a gap and also in
an active time shifted by the window's length. In a calendar bucket, a customer who was active when it began is lost
from leaving until returning. So a gap's deltas depend on the active times before it and on its end, and a change of
active times affects only the gaps from there on. The gaps of a whole batch are computed together, as arrays.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.intervals import FOREVER, Interval
from kpis.calendar.window_names import DAY_WINDOWS, UNITS
from kpis.calendar.windows import DAY, MINUTE_MS
from kpis.calendar.zone import FIRST_DAY, Zone, bucket_starts
from kpis.cells.cells import MINUTE_BIAS, MINUTE_BITS, MINUTE_MASK, Rows
from kpis.cells.deltas import in_common
from kpis.cells.ledger import LAST_MINUTE
from kpis.cells.measures import MEASURE_BITS, code

Ints = NDArray[np.int64]
NEVER: Final = FOREVER // MINUTE_MS
REACH: Final = 368 * DAY  # an active time that ended longer before a gap does not matter for it
BUCKETS: Final = {"week": 7, "month": 31, "quarter": 92, "year": 366}  # and their maximum number of days
NAMES: Final = ("24h", *DAY_WINDOWS, *BUCKETS)
SEGMENTED: Final = frozenset(map(NAMES.index, UNITS))  # windows that are read by segment
BASES: Final = ("lost", "lost_bought")
ACTIVE, BOUGHT, BOTH = range(3)  # which active times: as they are, by purchases alone, or both being equal
_NAMES: Final = tuple(f"{base}@{name}" for base in BASES for name in NAMES)
CODES: Final = tuple(map(code, _NAMES))
KIND_BITS: Final = 5
SLICE: Final = 8192  # gaps computed together


class Losses:
    """A batch's changes to losses: the gaps that differ, each with the active times it may depend on."""

    def __init__(self) -> None:
        self._gaps: list[tuple[int, int, int, int, int, int, int]] = []

    def note(self, which: int, segments: int, before: Sequence[Interval], after: Sequence[Interval]) -> None:
        """Note a change of active times (ms, disjoint, sorted). ``which``: `ACTIVE`, `BOUGHT` or `BOTH`."""
        old, new = _minutes(before), _minutes(after)
        same = in_common(old, new)
        if same and [start for start, _ in old[same : same + 1]] != [start for start, _ in new[same : same + 1]]:
            same -= 1  # the gap before the first difference has a different end
        self._add(which, segments, old, same, -1)
        self._add(which, segments, new, same, 1)

    def note_all(self, which: int, customer: int, active: Sequence[Interval]) -> None:
        """Note all active times of a customer, under its own number in place of segments: see `apart`."""
        self._add(which, customer, _minutes(active), 0, 1)

    def _add(self, which: int, segments: int, active: list[Interval], first: int, sign: int) -> None:
        for number in range(first, len(active)):
            leave = active[number][1]
            if leave >= NEVER:
                return
            back = active[number + 1][0] if number + 1 < len(active) else NEVER
            while number >= 0 and active[number][1] > leave - REACH:
                self._gaps.append((which, segments, sign, *active[number], leave, back))
                number -= 1

    def flush(self, rows: Rows, zone: Zone) -> None:
        """Add all noted changes to a batch's rows."""
        gaps, self._gaps = self._gaps, []
        for start in range(0, len(gaps), SLICE):
            _add(rows, *_deltas(np.array(gaps[start : start + SLICE], dtype=np.int64), zone, None))

    def apart(self, zone: Zone, kinds: Container[str]) -> Iterator[tuple[str, Ints, Ints, Ints]]:
        """What was noted by ``note_all``, for windows of some kinds: (measure, customers, minutes, deltas)."""
        gaps, self._gaps = self._gaps, []
        parts = [
            _deltas(np.array(gaps[start : start + SLICE], dtype=np.int64), zone, kinds)
            for start in range(0, len(gaps), SLICE)
        ]
        if not parts:
            return
        keys, sums = _summed(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        heads, minutes = keys >> MINUTE_BITS, (keys & MINUTE_MASK) - MINUTE_BIAS
        measures = heads & (1 << KIND_BITS) - 1
        for measure in np.unique(measures).tolist():
            own = measures == measure
            yield _NAMES[measure], heads[own] >> KIND_BITS, minutes[own], sums[own]


def _minutes(spans: Iterable[Interval]) -> list[Interval]:
    """Active times in whole minutes; those that then touch are joined."""
    found: list[Interval] = []
    for begin, stop in spans:
        start, end = begin // MINUTE_MS, min(stop, FOREVER) // MINUTE_MS
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], end)
        elif start < end:
            found.append((start, end))
    return found


def _summed(keys: Ints, deltas: Ints) -> tuple[Ints, Ints]:
    """The nonzero sums of deltas by key."""
    unique, inverse = np.unique(keys, return_inverse=True)
    sums = np.bincount(inverse, weights=deltas).astype(np.int64)
    kept = sums != 0
    return unique[kept], sums[kept]


def _add(rows: Rows, keys: Ints, deltas: Ints) -> None:
    for key, delta in zip(*(one.tolist() for one in _summed(keys, deltas)), strict=True):
        head = key >> MINUTE_BITS
        measure = CODES[head & (1 << KIND_BITS) - 1]
        # Packed as by Ledger.add; the minute is packed already.
        row = (head >> KIND_BITS << MEASURE_BITS | measure) << MINUTE_BITS | key & MINUTE_MASK
        rows[row] = rows.get(row, 0) + delta


def _deltas(table: Ints, zone: Zone, apart: Container[str] | None) -> tuple[Ints, Ints]:
    """All (key, delta) pairs of a table of gaps; a key packs segments, kind of window and minute.

    ``apart``: only for these kinds of windows, and always with the code noted, even for windows without segments.
    """
    which, segments, sign, begin, end, leave, back = table.T
    keys: list[Ints] = []
    deltas: list[Ints] = []

    def add(kind: int, chosen: NDArray[np.bool_], at: Ints, delta: Ints) -> None:
        if apart is not None and NAMES[kind] not in apart:
            return
        none = np.zeros_like(segments) if apart is None else segments
        own = segments if kind in SEGMENTED else none
        for base, others in enumerate((BOUGHT, ACTIVE)):
            found = chosen & (which != others)
            minutes = np.clip(at[found], -LAST_MINUTE, LAST_MINUTE) + MINUTE_BIAS
            keys.append((own[found] << KIND_BITS | base * len(NAMES) + kind) << MINUTE_BITS | minutes)
            deltas.append(delta[found])

    first, last = zone.days(begin), zone.days(end)
    moved = [(begin + DAY, end + DAY)]
    moved += [(zone.midnights_of(first + days), zone.midnights_of(last + days)) for days in DAY_WINDOWS.values()]
    for kind, (low, high) in enumerate(moved):
        enter, left = np.maximum(low, leave), np.minimum(high, back)
        add(kind, enter < left, enter, sign)
        add(kind, (enter < left) & (left < NEVER), left, -sign)
    day = np.clip(zone.days(leave) - FIRST_DAY, 0, len(zone.midnights) - 1)
    for kind, (bucket, longest) in enumerate(BUCKETS.items(), len(moved)):
        starts = bucket_starts(bucket)
        start = starts[day]
        after = starts[np.minimum(start + longest - FIRST_DAY, len(starts) - 1)]
        opens = zone.midnights_of(start)
        held = (begin < opens) & (opens <= end)
        add(kind, held, leave, sign)
        add(kind, held & (back < zone.midnights_of(after)), back, -sign)
    if not keys:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return np.concatenate(keys), np.concatenate(deltas)
