"""Formulas of social mentions."""

from fractions import Fraction

from kpis.formulas.common import Figure
from kpis.formulas.view import View


def sentiment(view: View) -> Figure:
    """100 × (positive − negative) / judged mentions; ``coverage``: the judged share of all mentions."""
    up, even, down = (view.flow(f"mentions.{mood}") for mood in ("positive", "neutral", "negative"))
    judged, every, points = up + even + down, view.flow("mentions"), 100 * (up - down)
    coverage = Fraction(judged, every) if every else None
    return Figure(Fraction(points, judged) if judged else None, points, judged, judged, parts={"coverage": coverage})
