"""The columns of a row in the catalogue."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, Literal

from kpis.calendar.window_names import MINUTE_WINDOWS, SEGMENT_WINDOWS, WINDOWS
from kpis.formulas.common import Formula, Step
from kpis.formulas.view import View

DEALS: Final = ("crm.deal.",)
Rows = Literal["deal", "subject", "touch", "acquisition", "marketing", "source", "survey", "stage", "page", "none"]
Unit = Literal["count", "ratio", "number", "money", "money/day", "days", "hours", "seconds", "index", "score"]
Shape = Literal["count", "sum", "ratio"]
LOWER: Final = "down"  # the direction of what is better the less it is


@dataclass(frozen=True)
class Vector:
    """A formula with one document per step. ``key``: of the steps' segment; ``whole``: of the total, if it has one."""

    key: str
    steps: Callable[[View], Iterable[Step]]
    whole: Formula | None = None


@dataclass(frozen=True)
class Kpi:
    """One KPI. ``events``: the types (or prefixes ending in a dot) it matches; ``source``: of its formula."""

    id: str
    title: str
    unit: Unit
    formula: Formula | Vector
    events: tuple[str, ...]
    rows: Rows = "none"
    windows: tuple[str, ...] = WINDOWS
    segments_in: tuple[str, ...] = SEGMENT_WINDOWS  # which of its windows have documents by segment
    stock: bool = False  # a state at the window's end: never partial, never revised late
    lifetime: bool = False  # of customers who began in the window, up to now: never revised late
    once: bool = False  # counts each person or customer once a window, so its days do not add up
    revenue: bool = False  # its events follow the setting revenue_from
    quality: bool = False  # about the stream itself
    ageing: bool = False  # depends on the current time: a document is right at its own as_of only
    robots: bool = True  # robots' events are left out, and shown as `excluded`
    direction: Literal["up", "down", "neither"] = "up"
    source: str = ""
    shape: Shape | None = None  # None: by the unit; ratios, means, quantiles and indexes are all "ratio"
    money_sides: tuple[bool, bool] | None = None  # whether numerator, denominator are money; None: by the unit
    money_parts: frozenset[str] = frozenset()

    @cached_property
    def vector(self) -> Vector | None:
        """Its steps, if it is a vector."""
        return self.formula if isinstance(self.formula, Vector) else None

    @cached_property
    def whole(self) -> Formula | None:
        """The formula of the total, and of segments that are not steps; None: it has steps only."""
        return self.formula.whole if isinstance(self.formula, Vector) else self.formula

    @cached_property
    def segment_windows(self) -> tuple[str, ...]:
        """Windows that have documents by segment."""
        return () if self.rows == "none" else tuple(w for w in self.segments_in if w in self.windows)

    @cached_property
    def channel_windows(self) -> tuple[str, ...]:
        """Short windows that have documents by channel alone."""
        short = self.rows in ("acquisition", "marketing")
        return tuple(w for w in MINUTE_WINDOWS if short and w in self.windows)

    def has_segments(self, dimension: str, window: str) -> bool:
        """Whether there may be documents of a dimension, or of its steps, in a window."""
        if self.vector is not None and dimension == self.vector.key:
            return window in self.windows
        return window in self.segment_windows or (dimension == "channel" and window in self.channel_windows)

    @cached_property
    def still(self) -> bool:
        """Whether late events never revise it."""
        return self.stock or self.quality or self.lifetime

    @cached_property
    def additive(self) -> bool:
        """Whether a window is the sum of its days, and a total the sum of disjoint segments."""
        return not (self.low_n or self.stock or self.lifetime or self.once)

    @cached_property
    def cumulative(self) -> bool:
        """Whether it grows while a window runs: a count or sum of what happened, so that it has a pace."""
        return not (self.low_n or self.stock or self.lifetime)

    @cached_property
    def low_n(self) -> bool:
        """Whether few observations make it uncertain; a count or sum is simply 0 when nothing happened."""
        return (self.shape or {"count": "count", "money": "sum"}.get(self.unit, "ratio")) == "ratio"

    @cached_property
    def sides(self) -> tuple[bool, bool]:
        """Whether numerator and denominator are money."""
        return self.money_sides or {"money": (True, True), "money/day": (True, False)}.get(self.unit, (False, False))

    @cached_property
    def money(self) -> bool:
        """Whether either side is money."""
        return any(self.sides)

    def events_by(self, revenue_from: str) -> tuple[str, ...]:
        """The events that count for a tenant whose revenue comes from ``orders``, ``deals`` or both."""
        if not self.revenue or revenue_from == "orders":
            return self.events
        return DEALS if revenue_from == "deals" else (*self.events, *DEALS)


@cache
def matches(events: tuple[str, ...], label: str) -> bool:
    """Whether an event's label (its type, a survey's kind after a colon) is covered by any of ``events``."""
    return any(label.startswith(event) if event.endswith(".") else label == event for event in events)
