"""Formulas of acquisition: the cost of a customer, marketing returns, sources of customers, time to purchase.

Costs are dated at local midnights, so a month earlier is a shift by whole local days.
"""

from collections import Counter
from collections.abc import Collection
from fractions import Fraction
from typing import Final

from kpis.calendar.window_names import DAY_WINDOWS, MINUTE_WINDOWS
from kpis.calendar.windows import Window
from kpis.calendar.zone import LAST_DAY, Zone, date_day, day_date
from kpis.cells.table import CARRY
from kpis.formulas.common import Figure, Formula, quantile
from kpis.formulas.view import View

MONTH_DAYS: Final = 30
MONTH_MINUTES: Final = MONTH_DAYS * 1440


def acquisition_cost(*, lagged: bool = False) -> Formula:
    """Cost of acquisition per new customer; lagged: the cost of a month, or 30 days, before."""

    def figure(view: View) -> Figure:
        cost = (view.seen_in(a_month_earlier(view.window, view.zone)) if lagged else view).money("cost.acquisition")
        new = view.flow("acquired")
        return Figure(cost.amount / new if new else None, cost.amount, new, new, cost.unpriced)

    return figure


def a_month_earlier(at: Window, zone: Zone) -> Window:
    """The window, in whole local days, whose costs belong to a window's customers."""
    first, last = (None if at.start is None else zone.day(at.start)), zone.day(at.end - 1)
    match at.name:
        case name if name in MINUTE_WINDOWS:
            assert at.start is not None
            first, last = _midnights(at.start - MONTH_MINUTES, at.end - MONTH_MINUTES, zone)
        case name if name in DAY_WINDOWS:
            assert first is not None
            first, last = first - MONTH_DAYS, last - MONTH_DAYS
        case "week" | "yesterday" | "last_week":
            assert first is not None
            last = _month_before(first) + last - first
            first = _month_before(first)
        case _:
            first = None if first is None else _month_before(first)
            # A complete window ends where a month does; a running one is compared with the same part of its month.
            last = _month_before(last + 1) - 1 if at.complete else _month_before(last)
    start, end = None if first is None else zone.midnight(first), zone.midnight(last + 1)
    # It needs a name of its own: as `24h` it would be read from minutes, which are not kept that long.
    return Window("", start, end, end * 60_000, at.complete, at.as_of_ms)


def _midnights(start: int, end: int, zone: Zone) -> tuple[int, int]:
    """First and last local day that begins in [start, end), minutes."""
    return zone.day(start - 1) + 1, zone.day(end - 1)


def _month_before(day: int) -> int:
    """The same day of the month before, or that month's last day."""
    when = day_date(day)
    end = day_date(date_day(when.replace(day=1)) - 1)
    return date_day(end.replace(day=min(when.day, end.day)))


def marketing(model: str, *, less_cost: bool, margin: bool = False) -> Formula:
    """Credited revenue (less the cost) by the cost of campaigns in the same window.

    Source: return on investment and on ad spend as the field has them; n counts what was credited.
    """

    def figure(view: View) -> Figure:
        credited, cost = view.money(f"credit.{model}"), view.money("cost.marketing")
        rest = view.money("credit.none")
        top = credited.amount * (Fraction(view.settings.margin) if margin else 1)
        top -= cost.amount if less_cost else 0
        parts = {"unattributed": rest.amount} if rest.priced or rest.unpriced else {}
        value = top / cost.amount if cost.amount else None
        unpriced = credited.unpriced + cost.unpriced + rest.unpriced
        return Figure(value, top, cost.amount, credited.priced, unpriced, parts)

    return figure


def source_share(view: View) -> Figure:
    """New customers of a source among all new customers."""
    found, all_ = view.flow("sourced"), view.whole().flow("sourced")
    # Segments are read by quarter hours: while the clock is behind an event, they have it before the whole does.
    if not found or not all_:
        return Figure(None, 0, 0, 0)
    return Figure(found / all_, found, all_, all_)


def time_to_purchase(share: Fraction) -> Formula:
    """A quantile of the local days from the first touch to the first purchase, of buyers."""

    def figure(view: View) -> Figure:
        days = view.values("ttp")
        return Figure(quantile(days, share), None, None, days.total(), parts=_left_out(view))

    return figure


def mean_time_to_purchase(view: View) -> Figure:
    """Mean of the local days from the first touch to the first purchase, of buyers."""
    days = view.values("ttp")
    total, n = sum(day * count for day, count in days.items()), days.total()
    return Figure(Fraction(total, n) if n else None, total, n, n, parts=_left_out(view))


def _left_out(view: View) -> dict[str, int]:
    return {"bad_interval": view.flow("bad_ttp"), "untouched": view.flow("ttp_untouched")}


def purchase_survival(view: View) -> Figure:
    """Median local days from first touch to purchase; those who have not bought yet are censored.

    Source: Kaplan and Meier, Journal of the American Statistical Association 53, 1958.
    """
    bought, waiting = _seen(view)
    at_risk = bought.total() + waiting.total()
    n, alive, value = at_risk, Fraction(1), None
    for day in sorted(bought.keys() | waiting.keys()):
        if bought[day]:
            alive *= 1 - Fraction(bought[day], at_risk)
        if alive <= Fraction(1, 2):
            value = day
            break
        at_risk -= bought[day] + waiting[day]
    longest = max(bought.keys() | waiting.keys(), default=None) if value is None else None
    return Figure(value, None, None, n, parts={"bad_interval": view.flow("touched.bad")}, bound=longest)


def _seen(view: View) -> tuple[Counter[int], Counter[int]]:
    """For those touched in the window: days until they bought, and days for which the others have not bought yet."""
    bought: Counter[int] = Counter()
    waiting: Counter[int] = Counter()
    today = view.zone.day((view.window.as_of_ms - 1) // 60_000)
    for days in map(int, view.suffixes("touched.bought")):
        touched = _days_of(view, f"touched.bought:{days}")
        if CARRY in touched:
            later = _bought_later(view, days, today, touched)
            touched[CARRY] -= later.total()
            touched.update(later)
        for day, count in touched.items():
            if day == CARRY or day + days <= today:
                bought[days] += count
            else:
                waiting[today - day] += count
    for day, count in _days_of(view, "touched.open").items():
        waiting[today - (view.oldest_day if day == CARRY else day)] += count
    return +bought, +waiting


def _bought_later(view: View, days: int, today: int, known: Collection[int]) -> Counter[int]:
    """By day of touch: those who bought that many days later, after today, whose day is no longer kept by itself."""
    end = view.zone.midnight(LAST_DAY)
    later = Window("", view.zone.midnight(today + 1), end, end * 60_000, complete=False, as_of_ms=view.window.as_of_ms)
    touched = {day - days: count for day, count in _days_of(view.seen_in(later), f"ttp={days}").items() if count}
    return Counter({day: count for day, count in touched.items() if day < view.oldest_day and day not in known})


def _days_of(view: View, measure: str) -> Counter[int]:
    """What happened in the window, by local day."""
    found: Counter[int] = Counter()
    for day, count in view.by_day(measure):
        found[day] += count
    return found
