"""Formulas of sales beyond closed and open deals: stages, touches, response, funnel."""

from fractions import Fraction
from typing import Final

from kpis.cells.log_buckets import quantile as quantile_seconds
from kpis.formulas.common import Count, Figure, Formula, quantile, ratio
from kpis.formulas.ranked import Ranked, ranks
from kpis.formulas.view import View

DAY_SECONDS: Final = 86_400


def stage_quantile(base: str, share: Fraction) -> Formula:
    """A quantile of the time in a stage that was left, days."""

    def figure(view: View) -> Figure:
        times = view.values(base)
        days = _in_days(quantile_seconds(times, share))
        return Figure(days, None, None, times.total(), parts={"bad_interval": view.flow("stay_bad")})

    return Ranked(figure, lambda many: ranks(many, many.count_values(base), 0, many.flow("stay_bad")))


def stage_mean(view: View) -> Figure:
    """Mean time in a stage that was left, days."""
    days, n = Fraction(view.flow("stay_seconds"), DAY_SECONDS), view.flow("stays")
    return Figure(days / n if n else None, days, n, n, parts={"bad_interval": view.flow("stay_bad")})


def stage_ages(share: Fraction) -> Formula:
    """A quantile of how long deals have been in their current stage, days."""

    def figure(view: View) -> Figure:
        ages = view.stage_ages()
        return Figure(_in_days(quantile_seconds(ages, share)), None, None, ages.total())

    return figure


def _in_days(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / DAY_SECONDS


def touches_quantile(share: Fraction) -> Formula:
    """A quantile of the touches a won deal took."""

    def figure(view: View) -> Figure:
        touches = view.values("to_close")
        return Figure(quantile(touches, share), None, None, touches.total())

    return Ranked(figure, lambda many: ranks(many, many.count_values("to_close")))


def answer_quantile(base: str, share: Fraction) -> Formula:
    """A quantile of the seconds until a lead is answered; unanswered leads are open."""

    def figure(view: View) -> Figure:
        answers = view.values(base)
        return Figure(quantile_seconds(answers, share), None, None, answers.total(), open=view.flow("unanswered"))

    return Ranked(figure, lambda many: ranks(many, many.count_values(base), 0, many.flow("unanswered")))


def step(top: Count, bottom: Count, attempts: str = "") -> Formula:
    """A step of a funnel as a share of the step before, with the events that attempted it."""
    plain = ratio(top, bottom)

    def figure(view: View) -> Figure:
        found = plain(view)
        parts = {"attempts": view.flow(attempts)} if attempts else {}
        return Figure(found.value, found.numerator, found.denominator, found.n, parts=parts)

    return figure
