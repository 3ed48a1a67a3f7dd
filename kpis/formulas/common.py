"""Formulas over measures. Each takes a View and gives a Figure: the number with its parts, exact until printed.

A measure that `kpis.cells.declared` lacks is an error when the catalogue is built, or when a formula is read.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import sqrt
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from kpis.cells.measures import declared
from kpis.formulas.ranked import Many, Ranked, Ranks, money_rank, rank_of, ranks
from kpis.formulas.view import Money, View

Number = int | float | Fraction | None
SHOWN_PARTS: Final = ("bad_interval", "orphan", "open", "closed")  # a segment with any of these is shown


class Figure(NamedTuple):
    """A KPI's number in one window: ``n`` as in kpi-precise, ``unpriced`` facts without a price or rate."""

    value: Number
    numerator: Number
    denominator: Number
    n: int
    unpriced: int = 0
    parts: Mapping[str, Any] = MappingProxyType({})
    margin: float | None = None
    open: int | None = None  # whose outcome is not known yet
    bound: Number = None  # where there is no value: it is at least this
    mixed: bool = False  # inputs that cannot be combined, such as answers on two scales: there is no value

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show: such a segment has no document."""
        counted = [self.n, self.numerator, self.denominator, self.unpriced, self.open]
        return not any(counted) and not any(self.parts.get(name) for name in SHOWN_PARTS)


Formula = Callable[[View], Figure]
Count = Callable[[View], int]


class Step(NamedTuple):
    """One document of a vector: its key, its formula, and the events it matches."""

    key: str
    formula: Formula
    events: tuple[str, ...]


def flow(measure: str) -> Count:
    """What happened in the window."""
    declared(measure)
    return lambda view: view.flow(measure)


def level(measure: str) -> Count:
    """The count at the window's end."""
    declared(measure)
    return lambda view: view.level(measure)


def at_start(measure: str) -> Count:
    """The count just before the window."""
    declared(measure)
    return lambda view: view.level_at_start(measure)


def marked(base: str) -> Count:
    """A measure kept separately for every kind of window: distinct, latest or lost."""
    declared(f"{base}@all")
    return lambda view: view.marked(base)


def plus(*counts: Count) -> Count:
    """The sum of counts."""
    return lambda view: sum(count(view) for count in counts)


def minus(one: Count, other: Count) -> Count:
    """A difference of counts."""
    return lambda view: one(view) - other(view)


def count(of: Count) -> Formula:
    """A plain count."""

    def figure(view: View) -> Figure:
        found = of(view)
        return Figure(found, found, None, found)

    return Ranked(figure, lambda many: ranks(many, of(many), of(many)))


def ratio(top: Count, bottom: Count) -> Formula:
    """A ratio of counts; a zero denominator gives no value."""

    def figure(view: View) -> Figure:
        one, all_ = top(view), bottom(view)
        return Figure(one / all_ if all_ else None, one, all_, all_)

    return Ranked(figure, lambda many: ranks(many, bottom(many), top(many)))


def with_part(formula: Formula, name: str, of: Count) -> Formula:
    """The same formula with a count as a part."""

    def figure(view: View) -> Figure:
        found = formula(view)
        return Figure(found.value, found.numerator, found.denominator, found.n, found.unpriced, {name: of(view)})

    def rank(many: Many) -> Ranks | None:
        found = rank_of(formula, many)
        shown = name in SHOWN_PARTS
        return found and (found._replace(shown=found.shown | (of(many) != 0)) if shown else found)

    return Ranked(figure, rank)


def chosen(choose: Callable[[View], Formula]) -> Formula:
    """The formula that a setting chooses."""
    return Ranked(lambda view: choose(view)(view), lambda many: rank_of(choose(many), many))


def money(base: str) -> Formula:
    """Money of what happened in the window."""
    declared(f"{base}#:")
    return Ranked(lambda view: _sum(view.money(base)), lambda many: money_rank(many, base))


def money_level(base: str, *, undated: bool = False) -> Formula:
    """Money at the window's end."""

    def figure(view: View) -> Figure:
        found = view.money_level(base)
        if undated and view.window.name == "all":
            found = found.plus(view.money_level("open_undated_value"))
        return _sum(found)

    return figure


def _sum(found: Money) -> Figure:
    return Figure(found.amount, found.amount, None, found.priced, found.unpriced)


def money_ratio(top: str, *rest: str) -> Formula:
    """Money of one kind as a share of the money of all kinds."""

    def figure(view: View) -> Figure:
        one = whole = view.money(top)
        for base in rest:
            whole = whole.plus(view.money(base))
        value = float(one.amount / whole.amount) if whole.amount else None
        return Figure(value, one.amount, whole.amount, whole.priced, whole.unpriced)

    return Ranked(figure, lambda many: money_rank(many, top, *rest))


def quantile(values: Counter[int], share: Fraction) -> Fraction | None:
    """Linear interpolation between order statistics (type 7 of Hyndman and Fan, The American Statistician 50, 1996)."""
    total = sum(values.values())
    if not total:
        return None
    place = share * (total - 1)
    low = int(place)
    ordered = sorted(values.items())
    one, other = _nth(ordered, low), _nth(ordered, min(low + 1, total - 1))
    return one + (place - low) * (other - one)


def _nth(ordered: list[tuple[int, int]], place: int) -> Fraction:
    for value, times in ordered:
        if place < times:
            return Fraction(value)
        place -= times
    raise IndexError(place)


def cycle_quantile(share: Fraction, *states: str) -> Formula:
    """A quantile of the days from creation to close."""

    def figure(view: View) -> Figure:
        days: Counter[int] = Counter()
        for state in states:
            days += view.values(f"cycle.{state}")
        bad = sum(view.flow(f"bad_cycle.{state}") for state in states)
        return Figure(quantile(days, share), None, None, days.total(), parts={"bad_interval": bad})

    def rank(many: Many) -> Ranks:
        n = sum((many.count_values(f"cycle.{state}") for state in states), many.zero)
        return ranks(many, n, 0, *(many.flow(f"bad_cycle.{state}") for state in states))

    return Ranked(figure, rank)


def _cycle_mean(view: View) -> Figure:
    """Mean days from creation to a won close."""
    days, n = view.flow("cycle_days.won"), view.flow("cycles.won")
    return Figure(Fraction(days, n) if n else None, days, n, n, parts={"bad_interval": view.flow("bad_cycle.won")})


cycle_mean: Final = Ranked(
    _cycle_mean,
    lambda many: ranks(many, many.flow("cycles.won"), many.flow("cycle_days.won"), many.flow("bad_cycle.won")),
)


def open_deals(view: View) -> int:
    """Deals open at the window's end; those without a known creation count in `all` only."""
    return view.level("open") + (view.level("open_undated") if view.window.name == "all" else 0)


def qualified_deals(view: View) -> int:
    """Open deals in a stage of the setting ``qualified_stages``."""
    return view.level("qualified") + (view.level("qualified_undated") if view.window.name == "all" else 0)


def velocity(*basis: str) -> Formula:
    """Money a day: deals of the basis × average won amount × win rate / mean cycle, each input shown.

    Source: the formula the field calls pipeline (or deal) velocity; kpi-precise names the three bases.
    """

    def figure(view: View) -> Figure:
        won, lost = view.flow("won"), view.flow("lost")
        in_pipeline = qualified_deals if basis == ("open",) and view.settings.qualified_stages else open_deals
        counts = {"open": in_pipeline(view), "closed": won + lost}
        shown = {name: counts[name] for name in basis}
        amounts, mean = view.money("won_value"), cycle_mean(view).value
        average = amounts.amount / amounts.priced if amounts.priced else None
        rate = Fraction(won, won + lost) if won + lost else None
        top = None if average is None or rate is None else sum(shown.values()) * average * rate
        value = top / Fraction(mean) if top is not None and mean else None
        parts = {**shown, "avg_won_value": average, "win_rate": rate, "mean_cycle_days": mean}
        return Figure(value, top, mean, won, amounts.unpriced, parts)

    return figure


def promoter_score(base: str) -> Formula:
    """100 × (promoters − detractors) / answers, with the 95 % margin in the same points.

    Source: Reichheld, The One Number You Need to Grow, HBR 2003; margin 1.96·√(variance/n).
    """
    read = flow if base == "nps_all" else marked

    def figure(view: View) -> Figure:
        up, even, down = (read(f"{base}.{kind}")(view) for kind in ("promoter", "passive", "detractor"))
        n = up + even + down
        if not n:
            return Figure(None, 0, 0, 0)
        variance = (up + down) / n - ((up - down) / n) ** 2
        points = 100 * (up - down)
        return Figure(points / n, points, n, n, margin=196 * sqrt(max(variance, 0.0) / n))

    return figure


def engagement(channels: tuple[str, ...], persons: str) -> Formula:
    """Interactions by people; n is the number of persons."""

    def figure(view: View) -> Figure:
        found = sum(view.flow(f"eng.{channel}") for channel in channels)
        return Figure(found, found, None, view.marked(persons))

    return figure


def raw_engagement(channels: tuple[str, ...]) -> Formula:
    """Interactions, including those of robots and proxies."""

    def figure(view: View) -> Figure:
        found = 0
        for channel in channels:
            # A message's first open of any kind is one interaction, so email has a measure of its own.
            human = "raw.email" if channel == "email" else f"eng.{channel}"
            found += view.flow(human) + view.flow(f"bots.{channel}")
        return Figure(found, found, None, found)

    return figure
