"""The history of a KPI's total: its values in the hours, days, weeks and months that are over, as known now."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from kpis.calendar.buckets import STEPS, Step, bucket_of, earlier, following, last_closed, name_of, start_of, window_of
from kpis.calendar.windows import MINUTE_MS, ceil_minute
from kpis.catalog import CATALOG, Kpi
from kpis.catalog.kept import Kept
from kpis.cells.cells import EVER
from kpis.cells.totals import Totals
from kpis.publish.figures import Figures, Point
from kpis.publish.reads import Mask, bits
from kpis.state.tenant_state import TenantState

NEVER: Final = 1 << 60  # after every other bucket
MANY: Final = 2_000_000  # sums cached to read the same instants again


class Points(NamedTuple):
    """Buckets of one KPI and step, to be merged into those published before. Plain data.

    Published buckets before ``low`` and after ``high`` are deleted. ``values``: by bucket, ``[value, n]`` or
    ``[value, n, status]``.
    """

    kpi: str
    step: str
    low: str
    high: str
    values: dict[str, list[Any]]


class Buckets(NamedTuple):
    """Buckets of a step: single ones in order, all before ``since``, and every one from there on."""

    single: tuple[int, ...] = ()
    since: int = NEVER

    def __bool__(self) -> bool:
        return bool(self.single) or self.since < NEVER

    def plus(self, single: Iterable[int] = (), since: int = NEVER) -> "Buckets":
        """The union with others."""
        since = min(since, self.since)
        return Buckets(tuple(sorted({one for one in (*self.single, *single) if one < since})), since)

    def within(self, low: int, high: int) -> "Buckets":
        """Those from ``low`` to ``high``, both included."""
        single = tuple(one for one in self.single if low <= one <= high)
        return Buckets(single, max(low, self.since) if self.since <= high else NEVER)

    def next(self, step: Step) -> tuple[int, "Buckets"]:
        """The first one, and the rest."""
        if self.single:
            return self.single[0], self._replace(single=self.single[1:])
        return self.since, self._replace(since=following(step, self.since))


NO_BUCKETS: Final = Buckets()


def has_step(kpi: Kpi, step: Step, chosen: Kept) -> bool:
    """Whether a KPI has points of a step under a tenant's settings."""
    return (
        kpi.whole is not None and kpi.id in chosen.ids and step.window in kpi.windows and step.window in chosen.windows
    )


def stepped(chosen: Kept) -> list[Mask]:
    """Rows that have points, by step."""
    return [sum(1 << row for row, kpi in enumerate(CATALOG) if has_step(kpi, step, chosen)) for step in STEPS]


def printed(point: Point) -> list[Any]:
    """A point as it is published."""
    return [point.value, point.n] if point.status == "ok" else [point.value, point.n, point.status]


class History:
    """The past of one tenant, seen from one instant (``as_of``, ms)."""

    def __init__(self, state: TenantState, as_of: int, chosen: Kept) -> None:
        self._state = state
        self._zone = state.tenant.zone
        self._now = ceil_minute(as_of) - 1  # the last minute included
        self._chosen = chosen
        self._totals = Totals(state.tenant.cells)
        self.figures = Figures(state, self._totals)
        self._bounds: dict[Step, tuple[int, int] | None] = {}

    def exact(self, made: Callable[[], Point]) -> Point | None:
        """A point, or None if it needs days that are no longer kept."""
        self._totals.short = False
        found = made()
        return None if self._totals.short else found

    def bounds(self, step: Step) -> tuple[int, int] | None:
        """The first and the last bucket of a step; None: there is none."""
        if step not in self._bounds:
            self._bounds[step] = self._bounds_of(step)
        return self._bounds[step]

    def _bounds_of(self, step: Step) -> tuple[int, int] | None:
        state, last = self._state, last_closed(step, self._now, self._zone)
        if state.first is None:
            return None
        low = max(earlier(step, last, step.kept - 1), bucket_of(step, state.first // MINUTE_MS, self._zone))
        while low <= last and not self._reaches(step, low):
            low = following(step, low)
        return (low, last) if low <= last else None

    def _reaches(self, step: Step, bucket: int) -> bool:
        """Whether the panes at a bucket's start are kept; hours need quarter hours."""
        floors, minute = self._totals.floors, start_of(step, bucket, self._zone)
        return minute // 15 > floors["q"] if step.window == "1h" else self._zone.day(minute) >= floors["d"]

    def points(self, row: int, step: Step, wanted: Buckets, enough: Callable[[], bool]) -> tuple[Points, Buckets]:
        """A row's points in some buckets, in order, until ``enough``; and the buckets still to be computed.

        A bucket without an exact value is left out, with all before it.
        """
        kpi, bounds = CATALOG[row], self.bounds(step)
        if bounds is None or not has_step(kpi, step, self._chosen):
            return Points(kpi.id, step.name, "~", "", {}), NO_BUCKETS
        (low, last), values = bounds, dict[str, list[Any]]()
        left = wanted.within(low, last)
        while left:
            bucket, left = left.next(step)
            at = window_of(step, bucket, self._zone)
            point = self.exact(lambda at=at: self.figures.point(kpi, at))  # type: ignore[misc]
            if point is None:
                low, values = following(step, bucket), {}
                left = left.within(low, last)
            else:
                values[name_of(step, bucket)] = printed(point)
                left = left if left.since <= last else left._replace(since=NEVER)
            if enough():
                break
        self._forget()
        return Points(kpi.id, step.name, name_of(step, low), name_of(step, last), values), left

    def _forget(self) -> None:
        self.figures.forget()
        if self._totals.held > MANY:
            self._totals.rest()


class Due:
    """The points of a tenant that are still to be computed: by step, row -> buckets."""

    __slots__ = ("_buckets", "_rows", "closed")

    def __init__(self, chosen: Kept) -> None:
        self._rows = stepped(chosen)
        self._buckets: list[dict[int, Buckets]] = [{} for _ in STEPS]
        self.closed: list[int] | None = None  # by step, the last bucket that was scheduled

    def add(self, place: int, rows: Mask, single: Iterable[int] = (), since: int = NEVER) -> Mask:
        """Schedule points of a step, in single buckets and from one on; returns the rows that have any."""
        held, rows = self._buckets[place], rows & self._rows[place]
        for row in bits(rows):
            held[row] = held.get(row, NO_BUCKETS).plus(single, since)
        return rows

    def all(self, place: int, rows: Mask) -> Mask:
        """Schedule all points of a step, and the deletion of those that settings no longer ask for."""
        for row in bits(rows):
            self._buckets[place][row] = Buckets(since=EVER)
        return rows

    def of(self, place: int, row: int) -> Buckets:
        """The buckets that are due for a row."""
        return self._buckets[place][row]

    def made(self, place: int, row: int, left: Buckets) -> None:
        """Record that points were computed, all but those that are left."""
        if left:
            self._buckets[place][row] = left
        else:
            del self._buckets[place][row]
