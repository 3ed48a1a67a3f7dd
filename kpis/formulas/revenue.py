"""Formulas of recurring revenue, renewals and cohorts."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Final

from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import bucket_after, bucket_start
from kpis.facts.cohorts import KEPT, cohort_label
from kpis.facts.mrr_movements import GAINS, LOSSES
from kpis.formulas.common import Figure, Formula
from kpis.formulas.view import Money, View

MONTHS: Final = 6
NO_MONEY: Final = Money(Fraction(0), 0, 0)


def moved(view: View, *kinds: str) -> Money:
    """Money of the movements of these kinds in the window."""
    total = NO_MONEY
    for base in (f"mrr_{kind}" for kind in kinds):
        total = total.plus(Money(view.rated(base), view.flow(f"{base}#"), view.flow(f"{base}#:")))
    return total


def movement(kind: str) -> Formula:
    """Money of one kind of movement."""

    def figure(view: View) -> Figure:
        found = moved(view, kind)
        return Figure(found.amount, found.amount, None, found.priced, found.unpriced)

    return figure


def annual(view: View) -> Figure:
    """Twelve times the MRR at the window's end."""
    month = view.money_level("mrr")
    return Figure(12 * month.amount, 12 * month.amount, None, month.priced, month.unpriced)


def per_account(view: View) -> Figure:
    """MRR per paying customer at the window's end. Source: ChartMogul's "Average Revenue Per Account"."""
    month, accounts = view.money_level("mrr"), view.level("paying")
    return Figure(month.amount / accounts if accounts else None, month.amount, accounts, accounts, month.unpriced)


def net_new(view: View) -> Figure:
    """New + expansion + reactivation − contraction − churn, each shown.

    Source: the five movements of ChartMogul's MRR, changes of 60 minutes netted.
    """
    parts = {f"mrr_{kind}": moved(view, kind).amount for kind in (*GAINS, *LOSSES)}
    every = moved(view, *GAINS, *LOSSES)
    total = moved(view, *GAINS).amount - moved(view, *LOSSES).amount
    return Figure(total, total, None, every.priced, every.unpriced, parts)


def retained(*, net: bool) -> Formula:
    """The share of the MRR at the start of a month, quarter or year that is left; net: plus what its payers added.

    Source: gross and net revenue retention as SaaS companies report them; ChartMogul's movements.
    """

    def figure(view: View) -> Figure:
        start, unit = view.money_at_start("mrr"), view.window.bucket
        lost, won = moved(view, f"shrunk_{unit}"), moved(view, f"grown_{unit}") if net else NO_MONEY
        top = start.amount - lost.amount + won.amount
        unpriced = start.unpriced + lost.unpriced + won.unpriced
        return Figure(top / start.amount if start.amount else None, top, start.amount, start.priced, unpriced)

    return figure


def quick_ratio(view: View) -> Figure:
    """(New + expansion + reactivation) / (contraction + churn); no losses give no value.

    Source: Mamoon Hamid's quick ratio of growth, as SaaS companies use it.
    """
    gain, loss = moved(view, *GAINS), moved(view, *LOSSES)
    value = gain.amount / loss.amount if loss.amount else None
    return Figure(value, gain.amount, loss.amount, loss.priced, gain.unpriced + loss.unpriced)


def simple_lifetime_value(view: View) -> Figure:
    """(MRR / active customers) × margin / monthly churn of the last six complete months.

    Source: ARPA × margin / churn; six complete months as ChartMogul has it. Where nobody left there is no value but a
    bound: the value if one customer had left.
    """
    money, active = view.money_level("mrr"), view.level("active")
    edges = _month_edges(view)
    starts = sum(view.before("active", edge) for edge in edges[:-1])
    lost = view.before("lost@month", edges[-1]) - view.before("lost@month", edges[0])
    each = money.amount / active * Fraction(view.settings.margin) if active else None
    churn = Fraction(lost, starts) if starts else None
    value = each / churn if each is not None and churn else None
    bound = each * starts if each is not None and starts and not lost else None
    parts = {"mrr": money.amount, "active": active, "churned": lost, "at_start": starts}
    return Figure(value, each, churn, active, money.unpriced, parts, bound=bound)


def _month_edges(view: View) -> list[int]:
    """The minutes at which the last complete months begin, and the end of the last one."""
    edges = [bucket_start(view.zone.day(view.window.end_ms // MINUTE_MS), "month")]
    for _ in range(MONTHS):
        edges.insert(0, bucket_start(edges[0] - 1, "month"))
    return [view.zone.midnight(day) for day in edges]


def renewed(*closed: str) -> Formula:
    """Completed renewals as a share of the dues in these states."""

    def figure(view: View) -> Figure:
        top, bottom = view.flow("renewal_completed"), sum(view.flow(f"renewal_{state}") for state in closed)
        return _with_open(view, Figure(top / bottom if bottom else None, top, bottom, bottom))

    return figure


def renewed_money(top: str, bottom: str) -> Formula:
    """Money renewed as a share of the money that was due."""

    def figure(view: View) -> Figure:
        one, whole = view.money(top), view.money(bottom)
        value = one.amount / whole.amount if whole.amount else None
        return _with_open(view, Figure(value, one.amount, whole.amount, whole.priced, whole.unpriced))

    return figure


def _with_open(view: View, found: Figure) -> Figure:
    """The same figure with dues that have no outcome yet, and outcomes that have no due."""
    waiting = view.flow("renewal_due") - view.flow("renewal_completed") - view.flow("renewal_lost")
    parts = {"orphan": view.flow("renewal_orphan")}
    return Figure(found.value, found.numerator, found.denominator, found.n, found.unpriced, parts, open=waiting)


def cohorts(unit: str, view: View) -> Iterator[tuple[str, Formula]]:
    """Every cohort in every unit since it began, with the share that is still there.

    Source: kpi-precise "cohort_retention"; a customer stays in its first cohort.
    """
    zone, known = view.zone, {int(suffix) for suffix in view.suffixes(f"cohort_{unit}")}
    starts = [bucket_start(zone.day((view.window.end_ms - 1) // MINUTE_MS), unit)]
    while len(starts) < KEPT[unit]:
        starts.insert(0, bucket_start(starts[0] - 1, unit))
    for place, start in enumerate(starts):
        for later, then in enumerate(starts[place:] if start in known else ()):
            yield f"{cohort_label(start, unit)}+{later}", partial(_still_there, unit, start, then)


def _still_there(unit: str, start: int, then: int, view: View) -> Figure:
    size = view.level(f"cohort_{unit}:{start}")
    closes = min(view.zone.midnight(bucket_after(then, unit)), view.window.end)
    by_contract = view.before(f"cohort_{unit}_active:{start}", closes)
    found = by_contract + view.level(f"cohort_{unit}_bought:{start}:{then}")
    return Figure(found / size if size else None, found, size, size)
