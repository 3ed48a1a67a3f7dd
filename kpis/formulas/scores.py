"""Formulas of survey answers on their own scales."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from kpis.facts.survey_scores import BETWEEN, MICRO, micro
from kpis.formulas.common import Figure, Formula, ratio
from kpis.formulas.view import View


class Answers(NamedTuple):
    """Answers on one scale: how many, their sum, and the scale's ends; sum and ends in millionths."""

    n: int
    total: int
    low: int
    high: int


def answers(view: View, kind: str) -> Iterator[Answers]:
    """The answers of a kind of survey, by scale."""
    for scale in view.suffixes(f"{kind}.n"):
        if n := view.flow(f"{kind}.n:{scale}"):
            low, high = map(micro, scale.split(BETWEEN))
            yield Answers(n, view.flow(f"{kind}.sum:{scale}"), low, high)


def mean(kind: str) -> Formula:
    """Mean score; no value where answers are on more than one scale."""

    def figure(view: View) -> Figure:
        found = list(answers(view, kind))
        n = sum(one.n for one in found)
        if len(found) > 1:
            return Figure(None, None, n, n, mixed=True)
        total = Fraction(sum(one.total for one in found), MICRO)
        return Figure(total / n if n else None, total, n, n)

    return figure


def top_box(kind: str) -> Formula:
    """Share of the answers of at least min + 0.6 · (max − min)."""

    def of(view: View, part: str) -> int:
        return sum(view.flow(f"{kind}.{part}:{scale}") for scale in view.suffixes(f"{kind}.n"))

    return ratio(lambda view: of(view, "top"), lambda view: of(view, "n"))


def index(kind: str) -> Formula:
    """Mean of 100 · (score − min) / (max − min): scales may mix."""

    def figure(view: View) -> Figure:
        found = list(answers(view, kind))
        n = sum(one.n for one in found)
        points = sum((Fraction(100 * (one.total - one.n * one.low), one.high - one.low) for one in found), Fraction(0))
        return Figure(points / n if n else None, points, n, n)

    return figure
