"""Formulas of sales beyond closed and open deals: stages, touches, response, funnel."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from math import log
from typing import Final

from kpis.cells.log_buckets import quantile as quantile_seconds
from kpis.facts.targets import Target
from kpis.formulas.common import Count, Figure, Formula, quantile, ratio
from kpis.formulas.ranked import Ranked, ranks
from kpis.formulas.view import View

DAY_SECONDS: Final = 86_400
NO_LEAK: Final = Figure(None, None, None, 0)


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


def leak(counts: Mapping[str, Count], kpi: str) -> Formula:
    """The step of a funnel that falls most behind its target, as a share of the whole gap.

    The gap of a step is ln(rate / target rate), so that those of all steps add up to ln(won / target won). No value
    where a step has no target, or where all together are on target; nor where a step let nobody through, whose gap has
    no end: that step is named.
    """

    def figure(view: View) -> Figure:
        found = {step: count(view) for step, count in counts.items()}
        steps, targets = list(pairwise(found.items())), {key: _aim(view.target(kpi, {"step": key})) for key in found}
        if not steps[0][0][1] or any(targets[key] <= 0 for _, (key, _) in steps):
            return NO_LEAK
        gaps: list[tuple[float, str, int]] = []
        for (_, before), (key, after) in steps:
            if not after:
                return Figure(None, None, None, before, parts={"step": key})
            gaps.append((log(Fraction(after, before) / targets[key]), key, before))
        whole = sum(gap for gap, _, _ in gaps)
        if whole >= 0:
            return NO_LEAK
        gap, key, before = min(gaps, key=lambda one: one[0])
        return Figure(gap / whole, gap, whole, before, parts={"step": key})

    return figure


def _aim(target: Target | None) -> Fraction:
    """What a step should let through; none is as good as 0, to which nothing compares."""
    return target.value if target else Fraction(0)
