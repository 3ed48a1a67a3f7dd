"""Formulas of engagement."""

from kpis.cells.deltas import DAY_MS
from kpis.facts.engagement import HALF_LIFE_MS, MICRO, REACH_MS
from kpis.formulas.common import Figure
from kpis.formulas.view import View


def score(view: View) -> Figure:
    """Mean score of active customers: Σ points · 2^(−age / 7 d), age from the end of their UTC day."""
    end, active = view.window.end_ms, view.level("active")
    total = 0.0
    # Oldest first: the sum of floats must not depend on the order of arrival.
    for day in range((end - REACH_MS - 1) // DAY_MS, end // DAY_MS + 1):
        day_end = (day + 1) * DAY_MS
        if end - day_end <= REACH_MS and (given := view.level(f"points:{day}")):
            total += given * 2 ** ((day_end - end) / HALF_LIFE_MS)
    total /= MICRO
    return Figure(total / active if active else None, total, active, active)
